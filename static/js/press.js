// Nothing is swapped while a button is held down: a fragment that moved it would take the click away from it, because
// press and release would meet different elements. What arrives meanwhile waits, in order.
(() => {
  const PRESSED = "a, button, label, summary, [type=checkbox], [type=radio]";
  const LONGEST_MS = 30000; // should the release never be told
  let released = null; // a promise while something is pressed
  let letGo = () => {};

  addEventListener("pointerdown", (event) => {
    if (event.button || !event.target.closest?.(PRESSED)) { return; }
    letGo();
    const mine = new Promise((resolve) => { letGo = resolve; }).then(() => { if (released === mine) { released = null; } });
    released = mine;
    setTimeout(letGo, LONGEST_MS);
  }, true);
  addEventListener("pointermove", (event) => { if (!event.buttons) { letGo(); } }, { capture: true, passive: true });
  // The click comes after the release, on a phone some ms later.
  for (const name of ["pointerup", "pointercancel", "blur"]) {
    addEventListener(name, () => { const go = letGo; setTimeout(go, 50); });
  }
  addEventListener("click", () => { const go = letGo; setTimeout(go); }, true);

  const swap = htmx.swap.bind(htmx);
  htmx.swap = (ctx) => (released ? released.then(() => swap(ctx)) : swap(ctx));
})();
