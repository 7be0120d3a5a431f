// Completion while one types: a list that floats over the form and moves nothing.
// An input says what of: data-complete; data-many parts at commas, data-whole replaces everything.
(() => {
  let box = null, field = null, words = [], at = -1, asked = 0, timer = 0;

  const parts = (input) => input.matches("textarea, [data-many]") && !input.hasAttribute("data-whole");
  // The word around the caret: from the last comma (or line) before it to the next one after it.
  const word = (input) => {
    const text = input.value;
    if (!parts(input)) { return { from: 0, to: text.length, typed: text.trim() }; }
    const caret = input.selectionStart ?? text.length;
    const from = Math.max(text.lastIndexOf(",", caret - 1), text.lastIndexOf("\n", caret - 1)) + 1;
    const after = text.slice(caret).search(/[,\n]/);
    const to = after < 0 ? text.length : caret + after;
    return { from, to, typed: text.slice(from, caret).trim() };
  };

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
    const before = field.value.slice(0, from), after = field.value.slice(to);
    const gap = before && !/[\s]$/.test(before) ? " " : "";
    const text = parts(field) ? before + gap + item.dataset.word + (after ? after : ", ") : item.dataset.word;
    const caret = parts(field) ? (before + gap + item.dataset.word).length + (after ? 0 : 2) : text.length;
    const input = field;
    close();
    input.value = text;
    input.setSelectionRange?.(caret, caret);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };

  const show = async (input) => {
    const { typed } = word(input);
    const kind = input.dataset.complete;
    if (kind === "tags" && typed.length < 2) { close(); return; }
    const mine = (asked += 1);
    const query = new URLSearchParams({ q: typed, kind, usual: input.dataset.options ?? "" });
    let html = "";
    try {
      const answer = await fetch("/complete?" + query, { headers: { "HX-Request": "true" } });
      html = answer.ok ? await answer.text() : "";
    } catch { /* no completion while the server is away */ }
    if (mine !== asked || document.activeElement !== input) { return; }
    close();
    if (!html.trim()) { return; }
    field = input;
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
    } else if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && at >= 0)) {
      event.preventDefault();
      insert(words[Math.max(at, 0)]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  }, true);
})();
