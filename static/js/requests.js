/* Requests: progress hairline, one submit at a time, refusals and failures told where they happened. */
(function () {
  "use strict";
  const { words, pattern, toast } = window.shuncheng;
  const HAIRLINE_MS = 100;
  const SPINNER_MS = 300;
  const SLOW_MS = 8000;
  const hairline = document.querySelector(".app-progress");
  let running = 0;

  const isPoll = (detail) => detail.requestConfig?.triggeringEvent?.type === "poll";
  /* A page that refreshes itself does not keep a forgotten tablet signed in. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.triggeringEvent?.type === "poll") event.detail.headers["X-Poll"] = "1";
  });

  /* ---- one submit at a time ---- */
  function buttonsOf(form) {
    return [...form.elements].filter((element) => element.type === "submit" && !element.disabled);
  }

  function lock(form, submitter) {
    if (form.dataset.busy) return;
    const buttons = buttonsOf(form);
    form.dataset.busy = "1";
    form.lockedButtons = buttons;
    const label = submitter ?? buttons[0];
    form.spinnerTimer = setTimeout(() => {
      label?.insertAdjacentHTML("afterbegin", '<span class="spinner-border spinner-border-sm" aria-hidden="true"></span>');
      label?.setAttribute("aria-busy", "true");
    }, SPINNER_MS);
    /* After this turn of the loop, so that the pressed button's own value is still sent. */
    setTimeout(() => form.dataset.busy && buttons.forEach((button) => (button.disabled = true)));
  }

  function unlock(form) {
    clearTimeout(form.spinnerTimer);
    delete form.dataset.busy;
    for (const button of form.lockedButtons ?? []) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
      button.querySelector(":scope > .spinner-border")?.remove();
    }
  }

  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.dataset.busy) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-logout]")) sessionStorage.clear();
    if (!event.defaultPrevented && form.method === "post") {
      lock(form, event.submitter);
      setTimeout(() => unlock(form), SLOW_MS);
    }
  });
  /* A page from the back/forward cache comes back as it was left: with locked buttons. */
  addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form[data-busy]").forEach(unlock));

  /* ---- hairline ---- */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (elt.matches("form") && requestConfig.verb !== "get") lock(elt, requestConfig.triggeringEvent?.submitter);
    if (isPoll(event.detail)) return;
    running += 1;
    event.detail.xhr.isCounted = true;
    setTimeout(() => hairline.classList.toggle("is-on", running > 0), HAIRLINE_MS);
    event.detail.xhr.slowTimer = setTimeout(() => toast({ level: "info", title: words.slow }), SLOW_MS);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    if (elt.matches("form")) unlock(elt);
    clearTimeout(xhr.slowTimer);
    if (xhr.isCounted) running -= 1;
    hairline.classList.toggle("is-on", running > 0);
  });

  /* ---- failures: the form stays untouched, the way out is in the toast ---- */
  function again(detail) {
    const { elt, requestConfig } = detail;
    if (elt.isConnected && elt.matches("form")) return elt.requestSubmit();
    const { verb, path } = requestConfig;
    return window.htmx.ajax(verb.toUpperCase(), path, { source: elt.isConnected ? elt : document.body, target: detail.target });
  }

  function fail(event, text) {
    if (isPoll(event.detail)) return;
    const isWrite = event.detail.requestConfig.verb !== "get";
    toast({
      level: "error",
      title: isWrite ? words.notSaved : words.notLoaded,
      text,
      action: { label: words.retry, run: () => again(event.detail) },
    });
  }

  function refuse(elt) {
    const place = elt.closest(".sheet-b, .sheet-form, .card-body, .card, main") ?? document.getElementById("main");
    const box = place.matches(".sheet-form") ? place.querySelector(".sheet-b") : place;
    box.querySelector(":scope > [data-refused]")?.remove();
    box.prepend(pattern("[data-strip]"));
  }

  document.addEventListener("htmx:sendError", (event) => fail(event, words.network));
  document.addEventListener("htmx:timeout", (event) => fail(event, words.network));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status === 423) return; /* the screen is locked: lock.js */
    if (xhr.status === 403) refuse(elt);
    else if (xhr.status === 429) toast({ level: "warning", title: words.tooOften, text: words.tooOftenText });
    else if (xhr.status >= 500) fail(event, words.server);
    else if (xhr.status === 400 || xhr.status === 413) toast({ level: "error", title: words.notSaved, text: words.tooLarge });
    else toast({ level: "error", title: words.gone, text: words.goneText, action: { label: words.reload, run: () => location.reload() } });
  });

  /* ---- focus: a refused form shows its summary, a removed row hands over to the next one ---- */
  function focusSummary(root) {
    (root.querySelector(".alert-sum") ?? root.querySelector("[aria-invalid=true]"))?.focus();
  }

  let nextRow = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = document.activeElement?.closest("[data-row]");
    nextRow = row && event.detail.target.contains(row) ? (row.nextElementSibling ?? row.previousElementSibling)?.id : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status === 422) focusSummary(event.detail.elt.isConnected ? event.detail.elt : document);
    else if (nextRow && document.activeElement === document.body) document.getElementById(nextRow)?.querySelector("a[href], button")?.focus();
  });
  /* The same after a full page load with errors. */
  if (document.querySelector("main .alert-sum")) focusSummary(document.querySelector("main"));

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".alert-sum a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    const control = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea");
    (control ?? field).focus();
  });
})();
