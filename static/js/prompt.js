// Prompt fields. Ctrl+Up and Ctrl+Down change the weight of the selection, or of the item under the caret:
// (long hair:1.1). A bracket without its partner is told under the field while one types.
(() => {
  const FIELDS = "[data-weights], [data-complete=tags]";
  const STEP = 0.05;
  const WEIGHTED = /^\(([^]*):(-?\d*\.?\d+)\)$/;

  // The item under the caret: between commas outside brackets.
  const itemAt = (text, caret) => {
    let depth = 0, from = 0;
    for (let at = 0; at <= text.length; at++) {
      const letter = text[at], escaped = text[at - 1] === "\\";
      if (at === text.length || (letter === "," && depth === 0)) {
        if (caret <= at) { return [from, at]; }
        from = at + 1;
      } else if ("([{<".includes(letter) && !escaped) { depth += 1; }
      else if (")]}>".includes(letter) && !escaped) { depth = Math.max(0, depth - 1); }
    }
    return [from, text.length];
  };
  const trimmed = (text, [from, to]) => {
    while (from < to && /\s/.test(text[from])) { from += 1; }
    while (to > from && /\s/.test(text[to - 1])) { to -= 1; }
    return [from, to];
  };

  const changed = (item, by) => {
    const found = WEIGHTED.exec(item);
    const weight = Math.round(((found ? Number(found[2]) : 1) + by) * 100) / 100;
    const inner = found ? found[1] : item;
    return weight === 1 ? inner : `(${inner}:${weight})`;
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(event.ctrlKey || event.metaKey) || !["ArrowUp", "ArrowDown"].includes(event.key)) { return; }
    if (!field.matches?.(FIELDS)) { return; }
    const { value, selectionStart: start, selectionEnd: end } = field;
    // A selection inside brackets with a weight means the whole of them.
    let [from, to] = trimmed(value, start === end ? itemAt(value, start) : [start, end]);
    const around = /^:-?\d*\.?\d+\)/.exec(value.slice(to));
    if (start !== end && value[from - 1] === "(" && around) { from -= 1; to += around[0].length; }
    if (from === to) { return; }
    event.preventDefault();
    const text = changed(value.slice(from, to), event.key === "ArrowUp" ? STEP : -STEP);
    field.setRangeText(text, from, to, "select");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // As the program reads them: a closing bracket closes the nearest open one of its kind; the rest are alone.
  const CLOSES = { ")": "(", "]": "[", "}": "{" };
  const alone = (text) => {
    const open = [];
    let strays = "";
    for (let at = 0; at < text.length; at++) {
      const letter = text[at];
      if (text[at - 1] === "\\") { continue; }
      if ("([{".includes(letter)) { open.push(letter); }
      if (CLOSES[letter]) {
        const place = open.lastIndexOf(CLOSES[letter]);
        if (place < 0) { strays += letter; } else { strays += open.splice(place).slice(1).join(""); }
      }
    }
    return strays + open.join("");
  };
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches?.(FIELDS)) { return; }
    const strays = alone(field.value);
    let hint = field.parentElement.querySelector(".br-h");
    if (!hint && strays) {
      hint = document.createElement("div");
      hint.className = "hint br-h";
      hint.setAttribute("role", "status");
      field.after(hint);
    }
    if (hint) {
      hint.hidden = !strays;
      hint.textContent = strays && `${[...strays.slice(0, 6)].join(" ")} without its partner: ordinary text. Write \\${strays[0]} if that is meant.`;
    }
  });
})();
