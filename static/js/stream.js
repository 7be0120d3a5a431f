// SharedWorker: one event stream for all pages of this browser (HTTP/1.1 allows six connections in all).
// Each page says after which id it was rendered and gets what came since; see docs/architecture.md.
const KEEP = 500;
const ports = new Set();
const kept = [];           // the last messages, oldest first
let last = "";             // id of the newest message
let first = "";            // id after which `kept` is whole
let source = null;

function order(id) {
  const [ms, seq] = (id || "0-0").split("-").map(Number);
  return [ms, seq || 0];
}
function later(a, b) {
  const [x, y] = [order(a), order(b)];
  return x[0] - y[0] || x[1] - y[1];
}
function tell(message) {
  if (message.id) { last = message.id; }
  kept.push(message);
  if (kept.length > KEEP) { first = kept.shift().id || first; }
  for (const port of ports) { port.postMessage(message); }
}
function open() {
  source = new EventSource("/events?after=" + encodeURIComponent(last));
  source.onmessage = (event) => tell({ data: event.data, id: event.lastEventId });
  // Nudges bear a name; EventSource hands them only to listeners of that name, so the server says it in the data too.
  source.addEventListener("nudge", (event) => tell({ event: event.data, id: event.lastEventId }));
  source.onerror = () => {
    // Refused outright (a server that is just starting): EventSource gives up, we do not.
    if (source.readyState === EventSource.CLOSED) { setTimeout(open, 1000); }
  };
}
onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data.bye) { ports.delete(port); return; }
    if (!source) { last = first = data.after; open(); }
    ports.add(port);
    if (later(data.after, first) < 0) { port.postMessage({ event: "stale", id: last }); return; }
    for (const message of kept) {
      if (later(message.id, data.after) > 0) { port.postMessage(message); }
    }
  };
};
