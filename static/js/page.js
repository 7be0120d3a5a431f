// What HTML alone cannot do on a page: toasts that leave, tabs, copy, "all fields", theme and blur without a reload.
(() => {
  const root = document.documentElement;
  const remember = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };

  // Toasts leave after 10 s; hovering or focusing one holds it.
  const toasts = document.getElementById("toasts");
  new MutationObserver((changes) => {
    for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
      if (!(toast instanceof HTMLElement)) { continue; }
      let timer = 0;
      const go = () => { timer = setTimeout(() => toast.remove(), 10000); };
      const hold = () => clearTimeout(timer);
      for (const [name, act] of [["mouseenter", hold], ["focusin", hold], ["mouseleave", go], ["focusout", go]]) {
        toast.addEventListener(name, act);
      }
      go();
    }
  }).observe(toasts, { childList: true });

  const showTab = (tab) => {
    for (const other of tab.parentElement.children) {
      const on = other === tab;
      other.setAttribute("aria-selected", on);
      other.tabIndex = on ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !on;
    }
  };
  let shownTab = "";
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".chip-menu[open]")) {
      if (!menu.contains(event.target)) { menu.open = false; }
    }
    const target = event.target.closest("button, [data-close]");
    if (!target) { return; }
    if (target.matches("[role=tab]")) { shownTab = target.id; showTab(target); }
    if (target.matches("[data-close]")) { target.closest("[data-toast]").remove(); }
    if (target.id === "help-open") { document.getElementById("help").showModal(); }
    if (target.matches("[data-copy]")) {
      const panel = target.closest("section").querySelector("[role=tabpanel]:not([hidden])");
      navigator.clipboard?.writeText(panel.dataset.text);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[role=tab]") || !["ArrowLeft", "ArrowRight"].includes(event.key)) { return; }
    const tabs = [...event.target.parentElement.children];
    const next = tabs[(tabs.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
    shownTab = next.id; showTab(next); next.focus();
  });
  // A swapped preview comes with its first tab open; the one that was being read is opened again.
  document.addEventListener("htmx:after:swap", () => {
    const tab = shownTab && document.getElementById(shownTab);
    if (tab && tab.getAttribute("aria-selected") !== "true") { showTab(tab); }
    for (const box of document.querySelectorAll("[data-all]")) { box.indeterminate = box.hasAttribute("data-some"); }
  });
  for (const box of document.querySelectorAll("[data-all]")) { box.indeterminate = box.hasAttribute("data-some"); }
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches?.("[data-all]")) { return; }
    for (const other of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) { other.checked = box.checked; }
  });

  // A dialog that was swapped in opens; closing it gives the focus back to what asked for it.
  const dialogs = document.getElementById("dialog");
  let asker = null;
  const giveBack = () => {
    (asker?.closest("details.menu:not([open])")?.querySelector("summary") ?? asker)?.focus();
    asker = null;
  };
  document.addEventListener("htmx:after:swap", () => {
    const dialog = dialogs.querySelector("dialog:not([open]):not([data-shown])");
    if (!dialog) {
      if (asker && !dialogs.childElementCount && document.activeElement === document.body) { giveBack(); }
      return;
    }
    if (!dialogs.contains(document.activeElement)) { asker = document.activeElement; }
    dialog.dataset.shown = "";
    dialog.showModal();
    dialog.querySelector("[autofocus], h2[tabindex]")?.focus();
    dialog.addEventListener("close", () => { dialogs.replaceChildren(); giveBack(); }, { once: true });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) { event.target.closest("dialog").close(); }
  });

  // A menu closes when something else is clicked, and on Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest("a.mi, button.mi")) { menu.open = false; }
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // Without JavaScript these are forms; with it nothing is loaded anew.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/settings/appearance") { return; }
    const sent = new FormData(event.target, event.submitter);
    if (sent.has("welcome")) { return; }
    event.preventDefault();
    if (sent.has("theme")) {
      const theme = sent.get("theme");
      remember("theme", theme);
      root.dataset.theme = theme;
      root.dataset.bsTheme = theme === "auto" ? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark") : theme;
      const toggle = document.querySelector("form:has(#theme-toggle) [name=theme]");
      if (toggle) { toggle.value = root.dataset.bsTheme === "dark" ? "light" : "dark"; }
      for (const button of document.querySelectorAll(".theme")) { button.setAttribute("aria-pressed", button.value === theme); }
    }
    if (sent.has("card_size")) {
      remember("card_size", sent.get("card_size"));
      root.dataset.card = sent.get("card_size");
      for (const button of document.querySelectorAll("[name=card_size]")) {
        button.setAttribute("aria-pressed", button.value === sent.get("card_size"));
      }
    }
    if (sent.has("blur")) {
      const on = sent.get("blur") === "on";
      remember("blur", on ? "on" : "off");
      root.toggleAttribute("data-blur", on);
      const toggle = document.getElementById("blur-toggle");
      toggle.setAttribute("aria-pressed", on);
      toggle.form.elements.blur.value = on ? "" : "on";
      const setting = document.getElementById("blur-setting");
      if (setting) { setting.value = on ? "off" : "on"; setting.textContent = on ? "On" : "Off"; setting.setAttribute("aria-pressed", on); }
    }
  });
})();
