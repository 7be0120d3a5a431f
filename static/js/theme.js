// Before the first paint: what needs a script may count on one (a form's chips instead of all its empty fields).
document.documentElement.dataset.js = "";
// Before the first paint: a theme of "auto" follows the system.
if (document.documentElement.dataset.theme === "auto") {
  const light = matchMedia("(prefers-color-scheme: light)");
  const follow = () => { document.documentElement.dataset.bsTheme = light.matches ? "light" : "dark"; };
  light.addEventListener("change", follow);
  follow();
}
