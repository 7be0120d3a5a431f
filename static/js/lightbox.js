// One image large: opened over the grid, with keys, neighbours fetched ahead, and two images compared.
(() => {
  const dialog = document.getElementById("lightbox");
  const box = document.getElementById("lb-box");
  let back = null;        // what has the focus again when the view closes
  let pushed = false;     // whether opening it made a step of history
  let first = "";         // the first of two images to compare
  let info = true;
  const path = () => box?.querySelector(".bar-t")?.dataset.image;
  const query = () => document.getElementById("pics")?.dataset.query ?? location.search;
  const address = (image) => `/gallery/image/${image.split("/").map(encodeURIComponent).join("/")}${query()}`;
  const tile = (image) => [...document.querySelectorAll("#gallery .ph")].find((one) => one.dataset.path === image);

  // Toasts stand above the view, in it: what is behind a modal dialog cannot be clicked.
  const toasts = document.getElementById("toasts");
  const open = () => { dialog.append(toasts); dialog.showModal(); };

  const load = (url) => htmx.ajax("GET", url, { target: box, swap: "innerHTML" }).then(ready);
  const ready = () => {
    const side = document.getElementById("lb-side");
    const button = document.getElementById("lb-info");
    dialog.toggleAttribute("data-bare", !info);
    button?.setAttribute("aria-pressed", info);
    if (side) { side.hidden = !info; }
    const compare = document.getElementById("lb-compare");
    compare?.setAttribute("aria-pressed", Boolean(first) && first === path());
    for (const id of ["lb-next", "lb-prev"]) {  // the neighbours' pictures, ahead of the key
      const href = document.getElementById(id)?.getAttribute("href");
      if (href) { new Image().src = href.split("?")[0].replace("/gallery/image/", "/static/uploads/"); }
    }
    box.querySelector(".film [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  };

  const view = async (image) => {
    if (!dialog) { location.href = address(image); return; }
    back = tile(image)?.querySelector(".ph-a") ?? document.activeElement;
    await load(address(image));
    if (!dialog.open) {
      history.replaceState({}, "");  // htmx would fetch the page again on the way back, and lose the place in it
      history.pushState({ gaze: "view" }, "", address(image));
      pushed = true;
      open();
      document.getElementById("lb-next")?.focus();
    }
  };
  window.gazeView = view;

  const go = async (url) => {
    if (!url) { return; }
    const at = document.activeElement?.id;
    await load(url);
    history.replaceState(history.state, "", url);
    back = tile(path())?.querySelector(".ph-a") ?? back;
    (document.getElementById(at) ?? document.getElementById("lb-close"))?.focus();
  };
  const close = () => dialog.close();

  window.gazeCompare = (a, b) => {
    htmx.ajax("GET", `/gallery/compare?${new URLSearchParams({ a, b })}`, { target: document.getElementById("dialog"), swap: "innerHTML" });
  };
  const compare = () => {
    const now = path();
    if (!first || first === now) {
      first = first ? "" : now;
      document.getElementById("lb-compare").setAttribute("aria-pressed", Boolean(first));
      window.gazeToast(first ? "Go to another image and press c again to compare." : "Nothing is compared.");
      return;
    }
    window.gazeCompare(first, now);
    first = "";
  };
  const press = (id) => document.getElementById(id)?.click();

  if (dialog) {
    if (dialog.hasAttribute("data-direct")) {  // the address of an image was opened
      dialog.removeAttribute("open");
      open();
      ready();
    }
    dialog.addEventListener("close", () => {
      document.body.append(toasts);
      box.replaceChildren();
      const giveBack = () => {
        if (back?.isConnected) { back.scrollIntoView({ block: "nearest" }); back.focus({ preventScroll: true }); }
      };
      if (pushed) {
        pushed = false;
        // A step back in history takes the focus away once it is done.
        window.navigation?.addEventListener("navigatesuccess", () => setTimeout(giveBack), { once: true });
        history.back();
      } else if (location.pathname !== "/gallery") {
        history.replaceState(null, "", `/gallery${query()}`);
      }
      giveBack();
    });
    addEventListener("popstate", () => {
      if (dialog.open && !location.pathname.startsWith("/gallery/image/")) { pushed = false; dialog.close(); }
    });
    dialog.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (event.ctrlKey || event.metaKey || event.shiftKey) { return; }
      if (link?.id === "lb-close") { event.preventDefault(); close(); }
      else if (link?.matches(".nav-b, .film a")) { event.preventDefault(); go(link.getAttribute("href")); }
      else if (event.target.closest("#lb-info")) { info = !info; ready(); }
      else if (event.target.closest("#lb-compare")) { compare(); }
    });
    dialog.addEventListener("keydown", async (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) { return; }
      const following = document.getElementById("lb-next")?.getAttribute("href");
      const acts = {
        ArrowRight: () => go(following),
        ArrowLeft: () => go(document.getElementById("lb-prev")?.getAttribute("href")),
        f: () => press("lb-fav"),
        n: () => press("lb-nsfw"),
        i: () => press("lb-info"),
        c: compare,
        e: () => press("lb-generator"),
        r: () => press("lb-again"),
        Delete: () => press("lb-delete"),
        F: async () => {  // triage: a favourite, then the next
          await htmx.ajax("POST", "/gallery/image/favourite", { source: box, target: box, swap: "none", values: { image: path(), on: "on" } });
          go(following);
        },
      };
      const act = acts[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    // What was thrown away gives its place to the next image, else to the one before.
    document.addEventListener("htmx:after:request", (event) => {
      const { ctx } = event.detail;
      if (ctx.sourceElement?.id !== "lb-delete-form" || !ctx.response?.raw.ok) { return; }
      const url = (document.getElementById("lb-next") ?? document.getElementById("lb-prev"))?.getAttribute("href");
      if (url) { go(url); } else { close(); }
    });
  }

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy-text]");
    if (copy) { navigator.clipboard?.writeText(copy.dataset.copyText); window.gazeToast("Copied."); }
    const mode = event.target.closest("#cmp-slider, #cmp-side");
    if (mode) {
      const beside = mode.id === "cmp-side";
      mode.closest(".dlg, .cmp-page").querySelector(".cmp").classList.toggle("beside", beside);
      for (const one of mode.parentElement.children) { one.setAttribute("aria-pressed", one === mode); }
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches(".cmp input")) { event.target.parentElement.style.setProperty("--x", `${event.target.value}%`); }
  });
})();
