// The edit pages: what was changed, chips that open, Ctrl S, and a file that changes on the disk meanwhile.
// Everything can be saved without this script; with it nothing that was typed is ever lost.
(() => {
  let form = document.getElementById("ed");
  if (!form) { return; }
  const live = document.getElementById("live");
  const disk = document.getElementById("disk");
  const text = document.getElementById("json");
  const href = form.dataset.href;
  const renames = new Map();  // outfits that this page has just called otherwise: what was typed in them moves along
  let leaving = false;

  const fields = () => [...form.querySelectorAll("[data-field]")];
  const plain = (value) => value.replace(/\r\n?/g, "\n");
  const value = (input) => (input.type === "checkbox" ? (input.checked ? "on" : "") : plain(input.value));
  const put = (input, to) => { if (input.type === "checkbox") { input.checked = Boolean(to); } else { input.value = to; } };
  const base = () => JSON.parse(form.elements.base.value || "{}");
  const saved = () => plain(form.elements.base_text.value);
  const step = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");  // a name in a JSON pointer
  const row = (input) => input.closest(".ef, .fx");
  // Completion leaves a comma for the next tag; that alone is no change.
  const tidy = (input, words) => (input.dataset.complete === "tags" ? words.replace(/[,\s]+$/, "") : words.trimEnd());
  const changed = (input, was) => tidy(input, value(input)) !== tidy(input, plain(was[input.name] ?? ""));

  // -- what is not saved yet ---------------------------------------------------------------------

  const say = () => {
    let count = 0;
    weigh();
    if (text) {
      count = plain(text.value) === saved() ? 0 : 1;
    } else {
      const was = base();
      for (const input of fields()) {
        const differs = changed(input, was);
        row(input)?.classList.toggle("chg", differs);
        count += differs;
      }
    }
    const bad = text && form.querySelector("#je .bad");
    const words = text ? "Changed, not saved" : `${count} change${count === 1 ? "" : "s"}, not saved`;
    document.getElementById("dirty").textContent = bad ? "Cannot be saved yet" : count ? words : "";
    const phone = document.getElementById("save-s");
    if (phone) { phone.textContent = count && !text ? `Save ${count} change${count === 1 ? "" : "s"}` : "Save"; }
    for (const id of ["save", "save-s"]) { document.getElementById(id).disabled = Boolean(bad); }
    return count;
  };

  // A weight and the range it is drawn from, on one track.
  const weigh = () => {
    for (const track of form.querySelectorAll("[data-weight]")) {
      const [usual, least, most] = track.dataset.weight.split(" ").map((id) => parseFloat(document.getElementById(id).value));
      const at = (number) => Math.min(Math.max(number / 1.5, 0), 1);
      const middle = Number.isNaN(usual) ? 1 : usual;
      const low = Number.isNaN(least) ? middle : least, high = Number.isNaN(most) ? middle : most;
      const ends = track.querySelectorAll(".e");
      for (const [name, number] of [["--lo", Math.min(low, high)], ["--hi", Math.max(low, high)], ["--at", middle]]) { track.style.setProperty(name, at(number)); }
      ends[0].style.setProperty("--x", at(low));
      ends[1].style.setProperty("--x", at(high));
      track.querySelector("input").value = middle;
    }
  };

  document.addEventListener("input", (event) => {
    const track = event.target.closest?.("[data-weight]");
    if (track) { document.getElementById(track.dataset.weight.split(" ")[0]).value = event.target.value; }
    if (event.target.form === form) { say(); }
  });
  document.addEventListener("change", (event) => {
    const shown = event.target.dataset?.outfit;
    if (shown) { for (const each of form.querySelectorAll(".outfit")) { each.classList.toggle("shown", each.id === shown); } }
    if (event.target.form === form) { say(); }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) { return; }
    if (button.dataset.open) {
      const input = document.getElementById(button.dataset.open);
      row(input).classList.add("open");
      button.hidden = true;
      input.focus();
    }
    if (button.dataset.use) {
      const input = document.getElementById(button.dataset.for);
      const many = input.hasAttribute("data-many") && input.value.trim();
      const { use, instead } = button.dataset;
      if (instead) { put(input, input.value.replace(instead, () => use)); button.remove(); }
      else { put(input, many ? `${input.value.replace(/[,\s]+$/, "")}, ${use}` : use); }
      input.focus();
      say();
    }
    if (button.dataset.renames !== undefined) {
      const to = document.getElementById(button.id.replace(/-r$/, "-n")).value.trim();
      renames.set(`/wardrobe/${step(button.dataset.renames)}/`, `/wardrobe/${step(to)}/`);
    }
    if (button.id === "discard" || button.id === "discard-s") { leaving = true; }
    if (button.dataset.take) {
      const input = document.getElementById(button.dataset.take);
      put(input, base()[input.name] ?? "");
      clearTheirs(input);
      input.focus();
      say();
    }
    if (button.id === "go-there") {
      const line = Number(button.dataset.line), lines = text.value.split("\n");
      const place = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + Number(button.dataset.column) - 1;
      text.focus();
      text.setSelectionRange(place, place);
      text.scrollIntoView({ block: "nearest" });
      scrollTo({ top: text.getBoundingClientRect().top + scrollY + line * 20 - innerHeight / 2 });
    }
    if (button.id === "restore" || button.id === "disk-load") {
      text.value = saved();
      disk.textContent = "";
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (button.id === "disk-compare") { form.requestSubmit(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      const mix = document.querySelector("dialog[open] #cf");
      (mix || form).requestSubmit();
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form && event.target.id !== "cf") { leaving = leaving || !event.target.hasAttribute("hx-post"); }
    if (event.target === form) {
      for (const input of form.querySelectorAll("[aria-invalid]")) { input.removeAttribute("aria-invalid"); input.classList.remove("bad"); }
      for (const hint of form.querySelectorAll(".fh .hint.bad")) { if (!text) { hint.remove(); } }
      document.getElementById("edit-errors").textContent = "";
    }
  }, true);
  addEventListener("beforeunload", (event) => { if (!leaving && say()) { event.preventDefault(); } });

  document.addEventListener("htmx:after:swap", () => {
    const faulty = [...form.querySelectorAll(".fh .hint.bad")].map((hint) => document.getElementById(hint.closest(".fh").id.slice(0, -2)));
    for (const input of faulty.filter(Boolean)) {
      if (input.matches("[data-complete=lora], [data-complete=checkpoint]") && !document.querySelector("#edit-errors .note")) { continue; }
      input.setAttribute("aria-invalid", "true");
      input.classList.add("bad");
      row(input).classList.add("open");
    }
    if (faulty.length && document.querySelector("#edit-errors .note")) {
      const first = faulty.find(Boolean);
      const outfit = first.closest(".outfit");
      if (outfit && !outfit.classList.contains("shown")) { document.getElementById(outfit.id + "-p").click(); }
      if (document.activeElement === document.body || document.activeElement.id === "save") { first.focus(); }
    }
    const conflict = document.querySelector("#dialog #conflict");
    if (conflict) { count(); }
    say();
  });
  // A redirect after a saved mix leaves a form that is still as it was typed; that is meant.
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target?.id === "cf") { leaving = true; }
  });

  // -- a conflict, field by field ----------------------------------------------------------------

  const count = () => {
    const mine = document.querySelectorAll("#cf [data-side=mine]:checked").length;
    const theirs = document.querySelectorAll("#cf [data-side=theirs]:checked").length;
    const note = document.getElementById("cf-n");
    if (note) { note.textContent = `${mine} yours, ${theirs} from disk`; }
  };
  document.addEventListener("change", (event) => { if (event.target.closest?.("#cf")) { count(); } });
  document.addEventListener("click", (event) => {
    const side = event.target.closest?.("[data-all-side]")?.dataset.allSide;
    if (side) { for (const each of document.querySelectorAll(`#cf [data-side=${side}]`)) { each.checked = true; } count(); }
  });

  // -- the file changed on the disk --------------------------------------------------------------

  const clearTheirs = (input) => {
    const place = document.getElementById(input.id + "-t");
    if (place) { place.hidden = true; place.textContent = ""; }
  };
  const tell = (words, buttons = "") => {
    disk.innerHTML = `<div class="note disk"><svg class="ic" aria-hidden="true"><use href="/static/icons.svg#i-file"/></svg><span class="grow"><b></b> <span></span></span><span class="row-x">${buttons}</span></div>`;
    disk.querySelector("b").textContent = words[0];
    disk.querySelector(".grow span").textContent = words[1];
  };
  const at = () => new Date().toTimeString().slice(0, 5);

  const showTheirs = (input, now) => {
    const place = document.getElementById(input.id + "-t");
    if (!place) { return; }
    place.hidden = false;
    place.innerHTML = '<span class="grow"><b>On disk:</b> <span></span></span><button type="button" class="lk">Take it</button>';
    place.querySelector("span span").textContent = input.type === "checkbox" ? (now ? "yes" : "no") : now || "empty";
    const button = place.querySelector("button");
    button.id = input.id + "-take";
    button.dataset.take = input.id;
  };

  const merge = (fresh) => {
    const was = base(), now = JSON.parse(fresh.elements.base.value);
    const moved = (name) => { for (const [from, to] of renames) { if (name.startsWith(from)) { return to + name.slice(from.length); } } return name; };
    const mine = new Map(fields().map((input) => [moved(input.name), [value(input), changed(input, was), row(input)?.querySelector("label")?.textContent]]));
    for (const name of Object.keys(was)) { if (moved(name) !== name && moved(name) in now) { was[moved(name)] = was[name]; } }
    let taken = 0, kept = 0;
    for (const section of fresh.querySelectorAll("[data-section]")) {
      const names = (part) => [...part.querySelectorAll("[data-field]")].map((input) => input.name).join("\n");
      const here = document.getElementById(section.id);
      // Another set of inputs (an outfit came or went): the section is made anew, what was typed goes into it.
      if (here && names(here) !== names(section)) {
        const worn = moved(`/wardrobe/${step(here.querySelector("[data-outfit]:checked")?.value ?? "")}/`);
        const focus = document.activeElement?.id;
        here.replaceWith(section);
        htmx.process(section);
        for (const radio of section.querySelectorAll("[data-outfit]")) { if (`/wardrobe/${step(radio.value)}/` === worn) { radio.click(); } }
        if (focus && document.activeElement === document.body) { document.getElementById(focus)?.focus(); }
        taken += 1;
      }
    }
    for (const input of fields()) {
      const [typed, touched] = mine.get(input.name) ?? ["", false];
      const theirs = plain(now[input.name] ?? ""), before = plain(was[input.name] ?? "");
      if (touched) { put(input, typed); row(input)?.classList.add("open"); }
      if (theirs === before && mine.has(input.name)) { continue; }
      if (!touched || typed === theirs) {
        taken += value(input) !== theirs;
        put(input, theirs);
        clearTheirs(input);
        row(input)?.classList.add("open");
      } else { kept += 1; showTheirs(input, theirs); }
    }
    form.elements.version.value = fresh.elements.version.value;
    form.elements.base.value = fresh.elements.base.value;
    const there = new Set(fields().map((input) => input.name));
    const lost = [...mine].filter(([name, [, touched]]) => touched && !there.has(name)).map(([, [typed, , label]]) => `${label}: ${typed}`);
    renames.clear();
    return [taken, kept, lost];
  };

  const mergeText = (fresh) => {
    const untouched = plain(text.value) === saved();
    const now = fresh.elements.base_text.value;
    if (now === form.elements.base_text.value) { return; }
    if (untouched) {
      form.elements.version.value = fresh.elements.version.value;
      form.elements.base_text.value = now;
      text.value = now;
      text.dispatchEvent(new Event("input", { bubbles: true }));
      tell([`${form.dataset.file} changed on disk at ${at()}.`, "This is its text now."]);
    } else {
      // The version stays the old one: a save compares both texts field by field.
      tell([`${form.dataset.file} changed on disk at ${at()}.`, "Your text is kept; nothing was overwritten."],
        '<button type="button" class="b s" id="disk-compare">Compare</button>');
    }
  };

  const follow = async () => {
    let answer;
    try { answer = await fetch(`${href}/edit${text ? "?tab=json" : ""}`, { headers: { "HX-Request": "true" } }); } catch { return; }
    if (answer.status === 404) { tell([`${form.dataset.file} is gone.`, "It was deleted or renamed. What you typed is kept here."]); return; }
    if (!answer.ok) { return; }
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    const fresh = part.content.querySelector("#ed");
    if (!fresh || fresh.elements.version.value === form.elements.version.value) { return; }
    if (text) { mergeText(fresh); return; }
    if (!fresh.elements.base) { tell([`${form.dataset.file} cannot be read now.`, "What you typed is kept here; mend the file on the JSON page."]); return; }
    const ours = renames.size > 0;
    const [taken, kept, lost] = merge(fresh);
    const forms = part.content.querySelector("#outfit-forms");
    if (forms) { document.getElementById("outfit-forms").replaceWith(forms); }
    say();
    if (lost.length) { tell([`${form.dataset.file} changed on disk at ${at()}.`, `There is no place in it any more for ${lost.join("; ")}`]); return; }
    if ((!taken && !kept) || ours) { return; }
    const first = taken ? `${taken} field${taken === 1 ? "" : "s"} you had not touched show${taken === 1 ? "s" : ""} the new value.` : "";
    const second = kept ? ` ${kept} you changed too: the value on the disk stands beside ${kept === 1 ? "it" : "each"}.` : "";
    tell([`${form.dataset.file} changed on disk at ${at()}.`, (first + second).trim()]);
  };
  for (const name of [form.dataset.live, "library-changed", "problems-changed", "stale"]) { live.addEventListener(name, follow); }

  // -- the text page: line numbers, marks --------------------------------------------------------

  if (text) {
    const lines = document.getElementById("lines");
    const number = () => {
      const all = text.value.split("\n"), before = saved().split("\n");
      text.style.setProperty("--n", all.length);
      const faulty = new Set([...form.querySelectorAll("#marks .e-l:not(.w)")].map((mark) => Number(mark.dataset.line)));
      const same = new Set(before);
      lines.replaceChildren(...all.map((line, index) => {
        const item = document.createElement("li");
        item.textContent = index + 1;
        item.className = faulty.has(index + 1) ? "e" : same.has(line) ? "" : "c";
        return item;
      }));
      // Words stand at the end of their line, wherever in it the fault is.
      for (const mark of form.querySelectorAll("#marks .e-t")) {
        mark.style.setProperty("--col", (all[Number(mark.dataset.line) - 1] ?? "").length + 1);
      }
    };
    text.addEventListener("input", number);
    document.addEventListener("htmx:after:swap", number);
    number();
  } else {
    for (const input of fields()) { if (input.value && row(input)?.classList.contains("empty")) { row(input).classList.add("open"); } }
  }
  say();
})();
