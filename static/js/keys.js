/* Keyboard: shortcuts, command palette, movement between rows. Every word on screen comes from the templates. */
(function () {
  "use strict";
  const { foldNavigation } = window.shuncheng;
  const GO = { t: "today", p: "pipeline", c: "customers", d: "dashboard", l: "leads", i: "inbox" };
  const GO_MS = 1500;
  const palette = document.getElementById("palette");
  const query = document.getElementById("palette-q");
  const list = document.getElementById("palette-list");
  let goUntil = 0;

  const modal = (element) => window.tabler.Modal.getOrCreateInstance(element);
  const isTyping = (target) => target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  const isCovered = () => document.querySelector(".modal.show, .offcanvas.show");

  /* ---- command palette ---- */
  function options() {
    return [...list.querySelectorAll("a[href]")].filter((link) => !link.hidden);
  }

  function mark(link) {
    list.querySelector("a.on")?.classList.remove("on");
    link?.classList.add("on");
    link?.scrollIntoView({ block: "nearest" });
  }

  function filter() {
    const text = query.value.trim().toLowerCase();
    for (const link of list.querySelectorAll("a[data-cmd]")) link.hidden = !link.textContent.toLowerCase().includes(text);
    for (const title of list.querySelectorAll(":scope > p")) {
      let next = title.nextElementSibling;
      while (next?.matches("a[hidden]")) next = next.nextElementSibling;
      title.hidden = !next?.matches("a");
    }
    const found = options();
    list.querySelector(".cmd-none").hidden = found.length > 0;
    mark(found[0]);
  }

  function step(by) {
    const found = options();
    const at = found.findIndex((link) => link.classList.contains("on"));
    mark(found[(at + by + found.length) % found.length]);
  }

  if (palette) {
    palette.addEventListener("shown.bs.modal", () => query.focus());
    palette.addEventListener("hidden.bs.modal", () => {
      query.value = "";
      document.getElementById("palette-found").replaceChildren();
      filter();
    });
    query.addEventListener("input", filter);
    query.form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("a.on")?.click();
    });
    query.addEventListener("keydown", (event) => {
      if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    });
    document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "palette-found" && filter());
    document.addEventListener("click", (event) => event.target.closest("[data-palette]") && modal(palette).show());
    filter();
  }

  /* ---- rows ---- */
  function rowLink(row) {
    return row?.querySelector("[data-row-link]") ?? row?.querySelector("a[href]");
  }

  function moveRow(by) {
    const rows = [...document.querySelectorAll("main [data-row]")].filter((row) => row.checkVisibility({ visibilityProperty: true }));
    const at = rows.indexOf(document.activeElement?.closest("[data-row]"));
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    const link = rowLink(next);
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
    return Boolean(link);
  }

  function press(key) {
    const row = document.activeElement?.closest("[data-row]");
    const places = [row, document].filter(Boolean);
    for (const place of places) {
      const control = [...place.querySelectorAll(`[data-key="${key}"]`)].find((element) => element.checkVisibility({ visibilityProperty: true }));
      if (!control) continue;
      control.click();
      return true;
    }
    return false;
  }

  function goTo(key) {
    const link = GO[key] && document.querySelector(`.app-nav [data-go="${GO[key]}"]`);
    link?.click();
    return Boolean(link);
  }

  function startNew() {
    const quick = document.getElementById("quick");
    if (press("n")) return true;
    if (!quick?.querySelector("a")) return false;
    window.tabler.Offcanvas.getOrCreateInstance(quick).show();
    return true;
  }

  const PLAIN = {
    "/": () => (modal(palette).show(), true),
    "?": () => (modal(document.getElementById("shortcuts")).show(), true),
    "[": () => (foldNavigation(), true),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    n: startNew,
    g: () => ((goUntil = Date.now() + GO_MS), true),
    c: () => press("c"),
    r: () => press("r"),
    e: () => press("e"),
  };

  function plainKey(key) {
    if (Date.now() < goUntil) {
      goUntil = 0;
      return goTo(key);
    }
    return PLAIN[key]?.() ?? false;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.defaultPrevented) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      modal(palette).show();
    } else if (isCommand && event.key === "Enter" && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    } else if (!isCommand && !isTyping(event.target) && !isCovered() && plainKey(event.key.toLowerCase())) {
      event.preventDefault();
    }
  });
})();
