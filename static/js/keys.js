// Keys: single letters never act while typing.
(() => {
  const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  let going = 0;

  const cards = () => [...document.querySelectorAll(".cards .card-a")];
  const move = (from, key) => {
    const all = cards();
    const here = all.indexOf(from);
    if (here < 0) { return all[0]; }
    if (key === "ArrowRight") { return all[here + 1]; }
    if (key === "ArrowLeft") { return all[here - 1]; }
    // The next row: the card below or above whose middle is nearest.
    const box = from.getBoundingClientRect();
    const middle = box.left + box.width / 2;
    const rows = all.filter((card) => {
      const top = card.getBoundingClientRect().top;
      return key === "ArrowDown" ? top > box.top + 4 : top < box.top - 4;
    });
    const near = rows.map((card) => card.getBoundingClientRect());
    if (!rows.length) { return null; }
    const tops = near.map((rect) => rect.top);
    const row = key === "ArrowDown" ? Math.min(...tops) : Math.max(...tops);
    return rows
      .filter((_, index) => Math.abs(tops[index] - row) < 4)
      .sort((a, b) => {
        const gap = (card) => { const rect = card.getBoundingClientRect(); return Math.abs(rect.left + rect.width / 2 - middle); };
        return gap(a) - gap(b);
      })[0];
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form") || document.getElementById("gen-form");
      const button = document.getElementById("generate");
      if (button && form && (form.id === "gen-form" || event.target.form?.id === "gen-form")) { event.preventDefault(); button.click(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) { return; }
    if (typing(event.target)) {
      if (event.key === "Escape") { event.target.blur(); }
      return;
    }
    if (Date.now() < going) {
      going = 0;
      const link = document.querySelector(`.rail [data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    switch (event.key) {
      case "g": going = Date.now() + 1200; break;
      case "/": event.preventDefault(); document.getElementById("q-top").focus(); document.getElementById("q-top").select(); break;
      case "?": document.getElementById("help").showModal(); break;
      case "b": document.getElementById("blur-toggle").click(); break;
      case "f": {
        const card = event.target.closest(".cards li");
        const star = card ? card.querySelector(".fav button") : document.getElementById("fav");
        star?.click();
        break;
      }
      case "ArrowRight": case "ArrowLeft": case "ArrowUp": case "ArrowDown": {
        if (!event.target.matches(".card-a") && event.target !== document.body && event.target.id !== "main") { return; }
        const next = move(event.target, event.key);
        if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
        break;
      }
    }
  });
})();
