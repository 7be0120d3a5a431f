// Many cards at once: click in select mode, shift-click, Ctrl A, x, Esc, Del. What is selected lives here, by slug,
// because cards come and go with live changes; the form's hidden field carries it to the server.
(() => {
  const form = document.getElementById("bulk");
  if (!form) { return; }
  const library = document.getElementById("library");
  const category = form.dataset.category;
  const chosen = new Set();
  const field = document.getElementById("bulk-slugs");
  let last = null;
  let selecting = !form.hidden;

  const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const cards = () => [...document.querySelectorAll("#cards li[data-slug]")];
  const cardOf = (element) => element.closest?.("#cards li[data-slug]");

  const show = () => {
    library.toggleAttribute("data-selecting", selecting);
    form.hidden = !selecting;
    document.getElementById("select")?.setAttribute("aria-pressed", selecting);
    for (const card of cards()) {
      const on = chosen.has(card.dataset.slug);
      card.querySelector(".card-a").toggleAttribute("data-selected", on);
      const box = card.querySelector(".pick-card");
      if (box.checked !== on) { box.checked = on; }
    }
    field.value = [...chosen].join(" ");
    document.getElementById("bulk-count").textContent = `${chosen.size.toLocaleString("en")} selected`;
    for (const button of form.querySelectorAll("[data-needs]")) { button.disabled = !chosen.size; }
  };
  const clear = () => { chosen.clear(); selecting = false; last = null; show(); };
  const toggle = (slug, on = !chosen.has(slug)) => {
    if (on) { chosen.add(slug); } else { chosen.delete(slug); }
    last = slug;
    selecting = true;
    show();
  };
  const range = (slug) => {
    const slugs = cards().map((card) => card.dataset.slug);
    const [from, to] = [slugs.indexOf(last ?? slug), slugs.indexOf(slug)].sort((a, b) => a - b);
    for (const one of slugs.slice(Math.max(from, 0), to + 1)) { chosen.add(one); }
    last = slug;
    selecting = true;
    show();
  };
  const all = async () => {
    const here = new URL(library.getAttribute("hx-get"), location.href);
    const typed = document.getElementById("q");
    if (typed) { here.searchParams.set("q", typed.value); }
    here.searchParams.set("fragment", "slugs");
    const answer = await fetch(here, { headers: { Accept: "application/json" } });
    if (!answer.ok) { return; }
    for (const slug of (await answer.json()).slugs) { chosen.add(slug); }
    selecting = true;
    show();
  };
  const send = (values) => htmx.ajax("POST", `/${category}/bulk`, { source: form, target: form, swap: "none", values });

  // Before the card's link or htmx see it.
  document.addEventListener("click", (event) => {
    if (event.target.closest("#select")) {
      event.preventDefault();
      if (selecting) { clear(); } else { selecting = true; show(); }
      return;
    }
    if (event.target.closest("#select-all")) { event.preventDefault(); all(); return; }
    if (event.target.closest("#select-none")) { event.preventDefault(); clear(); document.getElementById("select")?.focus(); return; }
    const card = cardOf(event.target);
    if (!card) { return; }
    if (event.target.matches(".pick-card")) {
      if (event.shiftKey) { range(card.dataset.slug); } else { toggle(card.dataset.slug, event.target.checked); }
      return;
    }
    if (!event.target.closest(".card-a") || event.ctrlKey || event.metaKey || event.button) { return; }
    if (event.shiftKey) { event.preventDefault(); event.stopPropagation(); range(card.dataset.slug); }
    else if (selecting) { event.preventDefault(); event.stopPropagation(); toggle(card.dataset.slug); }
  }, true);

  document.addEventListener("keydown", (event) => {
    if (typing(event.target) || document.querySelector("dialog[open], [popover]:popover-open, .hits.drop:not([hidden])")) { return; }
    const card = cardOf(event.target);
    if ((event.ctrlKey || event.metaKey) && event.key === "a" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      all();
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "x" && card) {
      event.preventDefault();
      toggle(card.dataset.slug);
    } else if (event.key === "Escape" && selecting) {
      clear();
    } else if (event.key === "Delete") {
      if (chosen.size) { event.preventDefault(); send({ act: "delete" }); }
      else if (card) { event.preventDefault(); remove(card); }
    }
  });

  const remove = (card) => {
    const next = card.nextElementSibling?.querySelector(".card-a") ?? card.previousElementSibling?.querySelector(".card-a");
    htmx.ajax("POST", `/resource/${category}/${card.dataset.slug}/delete`, { source: form, target: form, swap: "none", values: { mode: "soft" } });
    next?.focus();
  };

  // A zip is a download, which htmx cannot take: that button sends the form as without JavaScript.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "export") { event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (!form.contains(ctx.sourceElement) || !ctx.response.raw.ok) { return; }
    for (const menu of form.querySelectorAll("[popover]:popover-open")) { menu.hidePopover(); }
    if (ctx.request.body?.get("act") === "delete") { clear(); }
  });
  document.addEventListener("htmx:after:swap", show);
  show();
})();
