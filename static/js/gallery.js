// The grid of images: justified rows, days that go on over windows, the date rail, keys, selection, images dropped in.
(() => {
  const gallery = document.getElementById("gallery");
  if (!gallery) { return; }
  const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const tiles = () => [...gallery.querySelectorAll(".ph")];
  const busy = () => document.querySelector("dialog[open], [popover]:popover-open, .hits.drop:not([hidden])");
  const post = (url, values) => htmx.ajax("POST", url, { source: gallery, target: gallery, swap: "none", values });

  // Rows of equal height from known ratios, so that nothing moves when pictures arrive.
  const SIZES = { s: 128, m: 196, l: 300 };
  const justify = (grids) => {
    const size = SIZES[document.documentElement.dataset.card] ?? SIZES.m;
    for (const grid of grids) {
      const width = grid.clientWidth;
      if (!width) { continue; }
      const gap = parseFloat(getComputedStyle(grid).columnGap) || 0;
      const high = innerWidth < 700 ? size * 0.64 : size;
      let row = [];
      let sum = 0;
      const put = (height) => {
        for (const [tile, ratio] of row) {
          tile.style.height = `${height}px`;
          tile.style.width = `${Math.floor(ratio * height * 100) / 100}px`;
        }
        row = [];
        sum = 0;
      };
      grid.classList.add("rows");
      for (const tile of grid.children) {
        const ratio = parseFloat(tile.style.getPropertyValue("--r")) || 0.75;
        row.push([tile, ratio]);
        sum += ratio;
        const height = (width - gap * (row.length - 1) - 1) / sum;
        if (height <= high * 1.12) { put(height); }
      }
      if (row.length) { put(high); }
      grid.dataset.laid = grid.children.length;
    }
  };
  const grids = () => [...gallery.querySelectorAll(".jg")];
  // A window that goes on within a day joins the grid of that day.
  const join = () => {
    let last = null;
    for (const grid of grids()) {
      if (last && last.dataset.day === grid.dataset.day && grid.previousElementSibling === last) {
        last.append(...grid.children);
        grid.remove();
      } else {
        last = grid;
      }
    }
  };
  const lay = (all = false) => {
    join();
    justify(grids().filter((grid) => all || Number(grid.dataset.laid) !== grid.children.length));
  };

  let width = innerWidth;
  new ResizeObserver(() => { if (gallery.clientWidth !== width) { width = gallery.clientWidth; lay(true); } }).observe(gallery);
  new MutationObserver(() => lay(true)).observe(document.documentElement, { attributes: true, attributeFilter: ["data-card"] });

  // The rail marks the month in view.
  const mark = () => {
    const rail = gallery.querySelector(".scrub");
    const top = grids().find((grid) => grid.getBoundingClientRect().bottom > 120);
    if (!rail || !top) { return; }
    const links = [...rail.querySelectorAll("a")];
    const day = top.dataset.day;
    const here = links.find((link) => link.dataset.at <= day.slice(0, 7)) ?? links.at(-1);
    for (const link of links) {
      if (link === here) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
    }
  };
  let marking = 0;
  addEventListener("scroll", () => { marking ||= requestAnimationFrame(() => { marking = 0; mark(); }); }, { passive: true });

  // One tile is in the tab order; arrows move along.
  const links = () => [...gallery.querySelectorAll(".ph-a")];
  const rove = (focused = gallery.querySelector(".ph-a:focus")) => {
    const all = links();
    const one = focused ?? all.find((link) => link.tabIndex === 0 && link.dataset.rove) ?? all[0];
    for (const link of all) { link.tabIndex = link === one ? 0 : -1; }
    if (one) { one.dataset.rove = "1"; }
  };
  gallery.addEventListener("focusin", (event) => { if (event.target.matches(".ph-a")) { rove(event.target); } });
  const beside = (from, key) => {
    const all = links();
    const at = all.indexOf(from);
    if (key === "ArrowRight") { return all[at + 1]; }
    if (key === "ArrowLeft") { return all[at - 1]; }
    const box = from.getBoundingClientRect();
    const middle = box.left + box.width / 2;
    let best = null;
    let row = null;
    for (const link of key === "ArrowDown" ? all.slice(at + 1) : all.slice(0, at).reverse()) {
      const other = link.getBoundingClientRect();
      if (Math.abs(other.top - box.top) < 4) { continue; }
      row ??= other.top;
      if (Math.abs(other.top - row) > 4) { break; }
      const off = Math.abs(other.left + other.width / 2 - middle);
      if (!best || off < best.off) { best = { off, link }; }
    }
    return best?.link;
  };

  // What is selected lives here, by path, because tiles come and go.
  const form = document.getElementById("g-bulk");
  const chosen = new Set();
  let selecting = false;
  let last = null;
  const show = () => {
    gallery.toggleAttribute("data-selecting", selecting);
    form.hidden = !selecting;
    gallery.querySelector("#select")?.setAttribute("aria-pressed", selecting);
    for (const tile of tiles()) {
      const on = chosen.has(tile.dataset.path);
      tile.toggleAttribute("data-selected", on);
      const box = tile.querySelector(".pick");
      if (box.checked !== on) { box.checked = on; }
    }
    gallery.querySelector("#g-images").value = [...chosen].join("\n");
    gallery.querySelector("#g-selected").textContent = `${chosen.size.toLocaleString("en")} selected`;
    for (const button of form.querySelectorAll("[data-needs]")) { button.disabled = !chosen.size; }
    gallery.querySelector("#g-compare").disabled = chosen.size !== 2;
  };
  const clear = () => { chosen.clear(); selecting = false; last = null; show(); };
  const toggle = (path, on = !chosen.has(path)) => {
    if (on) { chosen.add(path); } else { chosen.delete(path); }
    last = path;
    selecting = true;
    show();
  };
  const range = (path) => {
    const paths = tiles().map((tile) => tile.dataset.path);
    const [from, to] = [paths.indexOf(last ?? path), paths.indexOf(path)].sort((a, b) => a - b);
    for (const one of paths.slice(Math.max(from, 0), to + 1)) { chosen.add(one); }
    last = path;
    selecting = true;
    show();
  };

  document.addEventListener("click", (event) => {
    const { target } = event;
    if (target.closest("#select")) { if (selecting) { clear(); } else { selecting = true; show(); } return; }
    if (target.closest("#g-none")) { clear(); gallery.querySelector("#select").focus(); return; }
    if (target.closest("#g-compare")) { const [a, b] = chosen; window.gazeCompare(a, b); return; }
    if (target.closest("[data-plain]")) {
      event.preventDefault();
      const given = new URLSearchParams([...new FormData(gallery.querySelector("#g-filters"))].filter(([name, value]) => value && name !== "find"));
      for (const name of ["since", "until", "seed"]) { const value = gallery.querySelector(`#${name}`).value; given.delete(name); if (value) { given.set(name, value); } }
      location.href = `/gallery?${given}`;
      return;
    }
    const tile = target.closest("#gallery .ph");
    if (!tile) { return; }
    if (target.matches(".pick")) {
      if (event.shiftKey) { range(tile.dataset.path); } else { toggle(tile.dataset.path, target.checked); }
      return;
    }
    if (!target.closest(".ph-a") || event.ctrlKey || event.metaKey || event.button) { return; }
    event.preventDefault();
    if (event.shiftKey) { range(tile.dataset.path); }
    else if (selecting) { toggle(tile.dataset.path); }
    else { window.gazeView(tile.dataset.path); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || typing(event.target) || busy()) { return; }
    const link = event.target.closest?.(".ph-a");
    const tile = link?.closest(".ph");
    if ((event.ctrlKey || event.metaKey) && event.key === "a" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      for (const one of tiles()) { chosen.add(one.dataset.path); }
      selecting = true;
      show();
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key.startsWith("Arrow") && link) {
      const next = beside(link, event.key);
      if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
    } else if (event.key === "x" && tile) {
      event.preventDefault();
      toggle(tile.dataset.path);
    } else if (event.key === "f" && tile) {
      post("/gallery/image/favourite", { image: tile.dataset.path });
    } else if (event.key === "Escape" && selecting) {
      clear();
    } else if (event.key === "Delete" && chosen.size) {
      event.preventDefault();
      post("/gallery/bulk", { act: "delete", image: [...chosen].join("\n") });
      clear();
    } else if (event.key === "Delete" && tile) {
      event.preventDefault();
      (beside(link, "ArrowRight") ?? beside(link, "ArrowLeft"))?.focus();
      post("/gallery/image/delete", { image: tile.dataset.path });
    }
  });

  // A zip is a download, which htmx cannot take: that button sends the form as without JavaScript.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "download") { event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (!form.contains(ctx.sourceElement) || !ctx.response?.raw.ok) { return; }
    for (const menu of form.querySelectorAll("[popover]:popover-open")) { menu.hidePopover(); }
    if (ctx.request.body?.get("act") === "delete") { clear(); }
  });

  // What was thrown away and is taken back returns to its place: that was asked for, so the grid may change.
  document.addEventListener("htmx:finally:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!(response?.status < 400) || !sourceElement?.querySelector("[data-undo]")) { return; }
    const limit = Math.min(Math.max(tiles().length + 1, 60), 500);
    const query = document.getElementById("pics")?.dataset.query ?? location.search;
    htmx.ajax("GET", `/gallery${query || "?"}&fragment=pics&limit=${limit}`, { source: gallery, target: document.getElementById("g-body"), swap: "innerHTML" });
  });

  // Images from elsewhere: chosen, dropped or pasted. One opens at once, with what it says of its making.
  const send = async (files) => {
    const images = [...files].filter((file) => file.type.startsWith("image/"));
    const kept = [];
    for (const file of images) {
      const body = new FormData();
      body.append("image", file);
      const answer = await fetch("/gallery/drop", { method: "POST", body, headers: { Accept: "application/json" } });
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) { kept.push(...said.images); } else { window.gazeToast(`${file.name}: ${said.errors?.[0]?.message ?? "it was not taken."}`); }
    }
    if (kept.length === 1) { window.gazeView(kept[0]); }
    else if (kept.length) { window.gazeToast(`${kept.length} images kept.`); }
  };
  window.gazeToast = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast-g";
    toast.dataset.toast = "";
    const words = document.createElement("span");
    words.className = "grow";
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.dataset.close = "";
    close.textContent = "Close";
    toast.append(words, close);
    document.getElementById("toasts").append(toast);
  };
  const here = document.getElementById("drop-here");
  const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let over = 0;
  addEventListener("dragenter", (event) => { if (holds(event)) { over += 1; here.hidden = false; } });
  addEventListener("dragleave", (event) => { if (holds(event)) { over -= 1; here.hidden = over > 0 ? here.hidden : true; } });
  addEventListener("dragover", (event) => { if (holds(event)) { event.preventDefault(); } });
  addEventListener("drop", (event) => {
    if (!holds(event)) { return; }
    event.preventDefault();
    over = 0;
    here.hidden = true;
    send(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => { if (!typing(event.target) && event.clipboardData?.files.length) { send(event.clipboardData.files); } });
  document.addEventListener("change", (event) => {
    if (event.target.id === "drop-file") { send(event.target.files); event.target.value = ""; }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.sourceElement?.id === "news-show") { scrollTo({ top: 0 }); }
    lay();
    rove();
    show();
    mark();
  });
  lay(true);
  rove();
  show();
})();
