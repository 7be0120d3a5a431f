// Completion while one types: a list that floats over the form and moves nothing.
// An input says what of: data-complete; data-many parts at commas, data-whole replaces everything.
(() => {
  let box = null, field = null, words = [], at = -1, asked = 0, timer = 0;
  let optional = false;  // whether the list only offers what may follow, so that Tab leaves the field

  const parts = (input) => input.matches("textarea, [data-many]") && !input.hasAttribute("data-whole");
  // The word around the caret: between commas and lines, without the brackets and the weight around it, so that
  // `v` is the word of `(v:0.5)`. Brackets of a name are part of it: `tracer \(overwatch\)`, `tracer_(overwatch)`.
  const word = (input) => {
    const text = input.value;
    if (!parts(input)) { return { from: 0, to: text.length, typed: text.trim() }; }
    const caret = input.selectionStart ?? text.length;
    let from = 0;
    for (const cut of text.slice(0, caret).matchAll(/[,\n{}|]|(?<![\\\w])[([]+/g)) { from = cut.index + cut[0].length; }
    const after = text.slice(caret).search(/[,\n{}|]|(?<!\\)[)\]]+(?!\w)|:\s*[\d.]+\s*[)\]]/);
    const to = after < 0 ? text.length : caret + after;
    return { from, to, typed: text.slice(from, caret).trim() };
  };
  // The item before a comma, without its brackets and weight; what goes with it is offered after it.
  const before = (text) => text.replace(/,\s*$/, "").split(/[,\n]/).pop().trim().replace(/^[([{]+|(?::[\d.]+)?(?<!\\)[)\]}]+$/g, "");

  // A textarea stays a text box, which ARIA lets have a list but not a state of it.
  const expanded = (input, open) => { if (!input.matches("textarea")) { input.setAttribute("aria-expanded", open); } };

  const close = () => {
    asked += 1;
    clearTimeout(timer);
    if (box) { box.remove(); box = null; }
    if (field) {
      expanded(field, false);
      field.removeAttribute("aria-activedescendant");
      field.removeAttribute("aria-controls");
    }
    words = []; at = -1;
  };

  const choose = (place) => {
    at = place;
    words.forEach((item, index) => item.setAttribute("aria-selected", index === at));
    if (at >= 0) {
      field.setAttribute("aria-activedescendant", words[at].id);
      words[at].scrollIntoView({ block: "nearest" });
    } else { field.removeAttribute("aria-activedescendant"); }
  };

  const insert = (item) => {
    const { from, to } = word(field);
    const left = field.value.slice(0, from), after = field.value.slice(to), many = parts(field);
    const gap = many && /[,\n]$/.test(left) && !left.endsWith("\n") ? " " : "";
    const put = left + gap + item.dataset.word;
    const input = field, tags = many && input.dataset.complete === "tags";
    close();
    input.value = many ? put + (after || ", ") : item.dataset.word;
    const caret = many ? put.length + (after ? 0 : 2) : input.value.length;
    input.setSelectionRange?.(caret, caret);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    if (tags && !after) { later(input, 0); }
  };

  const show = async (input) => {
    const { typed } = word(input);
    const kind = input.dataset.complete, tags = kind === "tags";
    const tag = tags && !typed ? before(input.value.slice(0, input.selectionStart)) : "";
    if (tags && !typed && !(tag && /,\s*$/.test(input.value.slice(0, input.selectionStart)))) { close(); return; }
    const mine = (asked += 1);
    const address = tag ? "/complete/related?" + new URLSearchParams({ tag, has: input.value })
      : "/complete?" + new URLSearchParams({ q: typed, kind, usual: input.dataset.options ?? "" });
    let html = "";
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" } });
      html = answer.ok ? await answer.text() : "";
    } catch { /* no completion while the server is away */ }
    if (mine !== asked || document.activeElement !== input) { return; }
    close();
    if (!html.trim()) { return; }
    field = input;
    optional = Boolean(tag);
    box = document.createElement("div");
    box.className = "ac";
    box.innerHTML = html;
    input.closest(".ef, .fx").append(box);
    words = [...box.querySelectorAll("[role=option]")];
    input.setAttribute("aria-controls", "ac-list");
    expanded(input, true);
    box.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[role=option]");
      if (item) { insert(item); }
    });
  };

  const later = (input, wait) => { clearTimeout(timer); timer = setTimeout(() => show(input), wait); };

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-complete]") && event.isTrusted) { later(event.target, 120); }
  });
  document.addEventListener("focusin", (event) => {
    const input = event.target;
    if (!input.matches?.("[data-complete]")) { return; }
    input.setAttribute("aria-autocomplete", "list");
    if (!input.matches("textarea")) { input.setAttribute("role", "combobox"); }
    expanded(input, false);
    if (!input.matches("textarea") && !input.value) { later(input, 120); }
  });
  document.addEventListener("focusout", (event) => { if (event.target === field) { close(); } });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[data-complete]") && event.key === "ArrowDown" && event.altKey) { show(event.target); return; }
    if (!box || event.target !== field) { return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose((at + step + words.length + (at < 0 && step < 0 ? 1 : 0)) % words.length);
    } else if ((event.key === "Tab" && !event.shiftKey && (at >= 0 || !optional)) || (event.key === "Enter" && at >= 0)) {
      event.preventDefault();
      insert(words[Math.max(at, 0)]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  }, true);
})();
