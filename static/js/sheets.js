/* The side sheet: opens when htmx puts a form into #sheet, closes when the form was accepted, keeps unsent words. */
(function () {
  "use strict";
  const { words, toast } = window.shuncheng;
  const sheet = document.getElementById("sheet");
  const panel = window.tabler.Offcanvas.getOrCreateInstance(sheet);
  const FIRST_FIELD = "[autofocus], .sheet-b input:not([type=hidden]):not([disabled]), .sheet-b select, .sheet-b textarea";
  let opener = null;
  let openerRow = null;

  /* ---- unsent words: per person and per form, in this tab only ---- */
  const keyOf = (field) => `draft:${document.body.dataset.user}:${field.form.getAttribute("action")}:${field.name}`;
  const isWords = (field) => field.name && field.form && field.matches("textarea, [data-keep]");

  function restoreDrafts() {
    let isRestored = false;
    for (const field of sheet.querySelectorAll("textarea, [data-keep]")) {
      const kept = field.name && sessionStorage.getItem(keyOf(field));
      if (!kept || field.value === kept) continue;
      field.value = kept;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      isRestored = true;
    }
    if (isRestored) toast({ level: "info", title: words.restored });
  }

  function forgetDrafts(form) {
    for (const field of form.elements) if (isWords(field)) sessionStorage.removeItem(keyOf(field));
  }

  sheet.addEventListener("input", (event) => {
    const field = event.target;
    if (!isWords(field)) return;
    if (field.value) sessionStorage.setItem(keyOf(field), field.value);
    else sessionStorage.removeItem(keyOf(field));
  });

  /* ---- open ---- */
  function focusFirst() {
    const checked = sheet.querySelector(".sheet-b input[type=radio]:checked");
    const first = sheet.querySelector(FIRST_FIELD) ?? sheet.querySelector("button");
    const target = first?.type === "radio" && checked?.name === first.name ? checked : first;
    target?.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== sheet) return;
    const isRefused = event.detail.xhr.status === 422;
    if (!isRefused) restoreDrafts();
    if (!sheet.classList.contains("show")) {
      opener = event.detail.requestConfig.elt;
      openerRow = opener.closest("[data-row]")?.id;
      for (const other of document.querySelectorAll("#quick.show")) window.tabler.Offcanvas.getInstance(other)?.hide();
      for (const other of document.querySelectorAll(".modal.show")) window.tabler.Modal.getInstance(other)?.hide();
      panel.show();
    } else if (!isRefused) focusFirst();
  });
  sheet.addEventListener("shown.bs.offcanvas", focusFirst);

  /* ---- close ---- */
  sheet.addEventListener("hidden.bs.offcanvas", () => {
    sheet.replaceChildren();
    const home = opener?.isConnected && opener.checkVisibility({ visibilityProperty: true }) ? opener : document.getElementById(openerRow)?.querySelector("a[href], button");
    (home ?? document.getElementById("main")).focus({ preventScroll: true });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    const isFromSheet = sheet.contains(requestConfig.elt);
    if (isFromSheet && [409, 422].includes(xhr.status) && requestConfig.elt.matches("form")) {
      event.detail.target = sheet;
      event.detail.swapOverride = "innerHTML";
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, target, successful, requestConfig } = event.detail;
    if (!elt.matches("form") || !requestConfig || requestConfig.verb === "get" || !elt.closest("#sheet")) return;
    /* A redirect to the sign-in page is no success: the words stay for afterwards. */
    const isSignIn = xhr.getResponseHeader("HX-Redirect") || xhr.getResponseHeader("HX-Refresh");
    if (!successful || xhr.status === 422 || isSignIn) return;
    forgetDrafts(elt);
    if (xhr.status === 204 || !sheet.contains(target)) panel.hide();
  });
  document.addEventListener("sheet:close", () => panel.hide());
})();
