// What the pages cannot do without a script; each part looks for its place and does nothing where there is none.

// A link to hand on is shown whole, with the address of this server.
for (const link of document.querySelectorAll("[data-link]")) link.textContent = link.href;
