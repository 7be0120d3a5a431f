// Forms that make pictures: seeds, counts, rows that load what they offer when opened, weights by Ctrl and arrows.
(() => {
  const changed = (input) => input.dispatchEvent(new Event("change", { bubbles: true }));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-seed]");
    if (!button) { return; }
    const seed = document.getElementById("seed");
    seed.value = button.dataset.seed;
    changed(seed);
  });

  document.addEventListener("input", (event) => {
    if (event.target.id !== "count") { return; }
    for (const shown of document.querySelectorAll("[data-count]")) { shown.textContent = event.target.value; }
    event.target.style.setProperty("--v", `${((event.target.value - 1) * 100) / 19}%`);
  });

  // `toggle` does not bubble. An open row says so with the form, and gets its picker.
  document.addEventListener("toggle", (event) => {
    const row = event.target;
    if (!row.matches?.("[data-opens]")) { return; }
    const says = row.querySelector("[name=open]");
    if (says.disabled !== row.open) { return; }
    says.disabled = !row.open;
    if (row.open) { changed(says); }
  }, true);

  // Enter in a search box must not press Generate.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && event.target.matches("[data-update] input")) {
      event.preventDefault();
      changed(event.target);
    }
  });
})();
