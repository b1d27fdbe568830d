// Light or dark: as the visitor chose, else as their system. It runs before the page is drawn, so that nothing flashes.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  // A browser may forbid storage; the choice then lasts as long as the page.
  const kept = () => { try { return localStorage.getItem("luisa-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("luisa-theme", theme); } catch { /* not kept */ } };

  let chosen = kept();

  function apply() {
    const theme = chosen ?? (system.matches ? "dark" : "light");
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(theme === "dark"));
    }
  }

  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    keep(chosen);
    apply();
  });
})();
