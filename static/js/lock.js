/* Shared tablets: the page locks after a pause, what was typed stays in memory, and the same person goes on with a PIN. */
(function () {
  "use strict";
  const { presence, lockAfter, user } = document.body.dataset;
  const PRESENCE_MS = lockAfter ? 20000 : 120000;
  const CHECK_MS = 2000;
  const AGAIN_MS = 5000;
  const LOCKED = 423;
  let usedAt = Date.now();
  let toldAt = Date.now();
  let kept = null;

  /* ---- the panel: on the locked page and in the frame that covers an open one ---- */
  function preparePanel(form) {
    const pin = form.elements.pin;
    if (!pin) return;
    pin.focus();
    pin.addEventListener("input", () => pin.value.length === 6 && form.requestSubmit());
    for (const person of form.querySelectorAll("[name=person]")) {
      person.addEventListener("change", () => {
        pin.value = "";
        pin.focus();
      });
    }
  }

  document.querySelectorAll("form[data-unlock]").forEach(preparePanel);
  document.addEventListener("click", (event) => event.target.closest("[data-print]") && window.print());
  if (!presence) return;

  /* ---- the session is in use although the page asks nothing ---- */
  function ask(url, options = {}) {
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    return fetch(url, {
      redirect: "manual",
      ...options,
      headers: { "X-CSRFToken": token, "X-Lock": "1" },
    });
  }

  async function tellPresence() {
    toldAt = Date.now();
    const answer = await ask(presence, { method: "POST" }).catch(() => null);
    if (lockAfter && answer?.type === "opaqueredirect") lock();
  }

  function used() {
    if (kept) return;
    if (isForgotten()) return lock();
    usedAt = Date.now();
    if (usedAt - toldAt > PRESENCE_MS) tellPresence();
  }

  for (const kind of ["pointerdown", "keydown", "input", "wheel"]) {
    document.addEventListener(kind, used, { capture: true, passive: true });
  }
  if (!lockAfter) return;

  /* ---- locking: the page leaves the document, so nobody can read, search, print or inspect it ---- */
  const { lockUrl, panelUrl } = document.body.dataset;
  const template = document.getElementById("lock-frame");

  function isForgotten() {
    return Date.now() - usedAt > lockAfter * 1000;
  }

  /* `isTold`: the server or another tab says so. Each tab tells the server all the same: the word of another tab may
     arrive before its request does, and a panel asked for too early would load the page anew and lose what was typed. */
  function lock(isTold = false) {
    if (kept) return;
    const page = new DocumentFragment();
    kept = { page, title: document.title, top: scrollY, focus: document.activeElement };
    page.append(...document.body.childNodes);
    document.body.append(template.content.cloneNode(true));
    document.body.classList.add("is-locked");
    document.title = document.querySelector("[data-lock-title]").dataset.lockTitle;
    if (!isTold) localStorage.setItem("locked", String(Date.now()));
    showPanel();
  }

  async function showPanel() {
    try {
      await ask(lockUrl, { method: "POST" });
      await show(await ask(panelUrl));
    } catch {
      if (kept) setTimeout(showPanel, AGAIN_MS);
    }
  }

  async function show(answer) {
    if (answer.type === "opaqueredirect") return location.reload();
    document.querySelector("[data-lock-panel]").innerHTML = await answer.text();
    const form = document.querySelector("form[data-unlock]");
    preparePanel(form);
    form.addEventListener("submit", open);
  }

  async function open(event) {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const answer = await ask(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer) return;
    if (answer.headers.get("X-Unlocked")) {
      localStorage.setItem("unlocked", `${user} ${Date.now()}`);
      return unlock();
    }
    const target = answer.headers.get("X-Go");
    if (!target) return show(answer);
    /* Somebody else: nothing of the page behind the lock may remain. */
    sessionStorage.clear();
    localStorage.setItem("unlocked", `0 ${Date.now()}`);
    kept = { page: new DocumentFragment() };
    location.replace(target);
  }

  function unlock() {
    const { page, title, top, focus } = kept;
    kept = null;
    usedAt = toldAt = Date.now();
    document.body.classList.remove("is-locked");
    document.body.replaceChildren(page);
    document.title = title;
    scrollTo(0, top);
    focus?.focus({ preventScroll: true });
  }

  function check() {
    if (!kept && isForgotten()) lock();
  }

  setInterval(check, CHECK_MS);
  for (const kind of ["visibilitychange", "pageshow", "focus"]) addEventListener(kind, check, true);
  addEventListener("storage", (event) => {
    if (event.key === "locked") lock(true);
    if (event.key !== "unlocked" || !kept) return;
    if (event.newValue.startsWith(`${user} `)) unlock();
    else location.reload();
  });
  document.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === LOCKED && lock(true));
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-lock]")) return;
    event.preventDefault();
    lock();
  });
})();
