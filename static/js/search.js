// The search box of the bar: results below it while typing, arrows choose, Enter opens; focus stays in the box.
(() => {
  const box = document.getElementById("q-top");
  const drop = document.getElementById("results");
  const onPage = !drop;
  const place = () => (onPage ? document.getElementById("s-res") : drop);
  let active = "";

  const options = () => [...(place()?.querySelectorAll("[role=option]:not([aria-disabled])") ?? [])];
  const choose = (option, scroll = true) => {
    active = option?.id ?? "";
    for (const other of options()) { other.setAttribute("aria-selected", other === option); }
    if (option) { box.setAttribute("aria-activedescendant", option.id); if (scroll) { option.scrollIntoView({ block: "nearest" }); } }
    else { box.removeAttribute("aria-activedescendant"); }
  };
  const open = (on) => {
    if (onPage) { return; }
    drop.hidden = !on;
    box.setAttribute("aria-expanded", on);
    if (on) { box.setAttribute("aria-controls", "hit-list"); } else { box.removeAttribute("aria-controls"); choose(null); }
  };
  const refresh = () => {
    const filled = onPage ? true : drop.childElementCount > 0 && box.value.trim() !== "";
    open(filled && document.activeElement === box);
    if (filled && document.activeElement === box) { choose(document.getElementById(active) ?? options()[0], false); }
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    if (target && (target === drop || target.id === "search-page")) { active = ""; refresh(); }
  });
  box.addEventListener("input", () => { if (!box.value.trim() && !onPage) { drop.replaceChildren(); open(false); } });
  box.addEventListener("focus", refresh);
  document.addEventListener("pointerdown", (event) => { if (!onPage && !drop.contains(event.target) && event.target !== box) { open(false); } });
  box.addEventListener("blur", () => setTimeout(() => { if (!onPage && !drop.contains(document.activeElement)) { open(false); } }, 150));

  box.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.id === active);
    const shown = onPage || !drop.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      if (!shown) { refresh(); return; }
      const inPics = all[at]?.closest(".pics");
      const next = inPics && step < 0 ? all.filter((option) => !option.closest(".pics")).at(-1) : all[at + step];
      if (next || step < 0) { choose(next ?? all[0]); }
    } else if (["ArrowLeft", "ArrowRight"].includes(event.key) && shown && all[at]?.closest(".pics")) {
      const next = all[at + (event.key === "ArrowRight" ? 1 : -1)];
      if (next) { event.preventDefault(); choose(next); }
    } else if (event.key === "Tab" && !event.shiftKey && shown && !all[at]?.closest(".pics")) {
      const first = all.find((option) => option.closest(".pics"));
      if (first) { event.preventDefault(); choose(first); }
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && shown && all[at]) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      box.form.submit();
    } else if (event.key === "Escape" && shown && !onPage) {
      event.preventDefault();
      event.stopPropagation();
      open(false);
    }
  });
})();
