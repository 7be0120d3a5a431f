// What a model writes: boxes that follow their end unless one scrolled up, and the count of accepted fields.
(() => {
  const away = new Map();  // how far each box was from its end before a swap
  const boxes = () => document.querySelectorAll("[data-tail]");
  const follow = () => { for (const box of boxes()) { if (!(away.get(box.id) > 24)) { box.scrollTop = box.scrollHeight; } } };
  document.addEventListener("scroll", (event) => {
    const box = event.target;
    if (box.dataset?.tail !== undefined) { away.set(box.id, box.scrollHeight - box.scrollTop - box.clientHeight); }
  }, true);
  document.addEventListener("htmx:after:swap", follow);
  follow();

  const count = () => {
    const form = document.getElementById("pf");
    if (!form) { return; }
    const taken = form.querySelectorAll("[data-yn][value=yes]:checked").length;
    for (const place of document.querySelectorAll("[data-count]")) { place.textContent = taken; }
    for (const place of document.querySelectorAll("[data-save]")) { place.textContent = `Save ${taken} field${taken === 1 ? "" : "s"}`; }
  };
  document.addEventListener("change", (event) => {
    const row = event.target.dataset?.yn && document.getElementById(event.target.dataset.yn);
    if (!row) { return; }
    row.classList.toggle("yes", event.target.value === "yes");
    row.classList.toggle("no", event.target.value === "no");
    count();
  });
  document.addEventListener("keydown", (event) => {
    const form = document.getElementById("describe");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
})();
