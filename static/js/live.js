// Live events: patches are swapped in by htmx, nudges become events on #live that regions listen to.
// Where there is no SharedWorker, htmx's own SSE extension holds a stream for this page.
(() => {
  const live = document.getElementById("live");
  const take = (message) => {
    if (message.id) { live.dataset.after = message.id; }
    if (message.event) {
      live.dispatchEvent(new CustomEvent(message.event, { bubbles: false }));
    } else {
      htmx.swap({ text: message.data, target: live, sourceElement: live, swap: "none" });
    }
  };
  if (window.SharedWorker) {
    const connect = () => {
      const worker = new SharedWorker(live.dataset.stream);
      worker.port.onmessage = ({ data }) => take(data);
      worker.port.postMessage({ after: live.dataset.after });
      addEventListener("pagehide", () => worker.port.postMessage({ bye: true }), { once: true });
    };
    connect();
    // A page kept in the back-forward cache said bye; it catches up when it is shown again.
    addEventListener("pageshow", (event) => { if (event.persisted) { connect(); } });
  } else {
    live.addEventListener("nudge", (event) => take({ event: event.detail && event.detail.data }));
    live.setAttribute("hx-sse:connect", "/events?after=" + encodeURIComponent(live.dataset.after));
    live.setAttribute("hx-swap", "none");
    live.setAttribute("hx-trigger", "load, every 2s");
    htmx.process(live);
  }
})();
