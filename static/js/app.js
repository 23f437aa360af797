/* What every page needs: sizes from data attributes, the poll event, offline strip, password eye, phone mask, folded navigation. */
window.shuncheng = (function () {
  "use strict";
  const POLL_MS = 60000;
  const REMASK_S = 30;
  const words = document.getElementById("i18n")?.dataset ?? {};

  function pattern(selector) {
    return document.querySelector(`template${selector}`).content.firstElementChild.cloneNode(true);
  }

  function all(root, selector) {
    const found = [...root.querySelectorAll(selector)];
    return root.matches?.(selector) ? [root, ...found] : found;
  }

  /* style attributes are forbidden by the content security policy; setting a property by script is not. */
  function applySizes(root) {
    for (const element of all(root, "[data-v]")) element.style.setProperty("--v", element.dataset.v);
    for (const element of all(root, "[data-t]")) element.style.setProperty("--t", element.dataset.t);
    for (const element of all(root, "[data-w]")) element.style.width = `${element.dataset.w}%`;
    for (const element of all(root, "[data-flex]")) element.style.flex = `${element.dataset.flex} 1 0`;
  }

  function remaskLater(root) {
    for (const shown of all(root, "[data-remask]")) {
      setTimeout(() => {
        shown.nextElementSibling?.removeAttribute("hidden");
        shown.remove();
      }, (Number(shown.dataset.remaskS) || REMASK_S) * 1000);
    }
  }

  function prepare(root) {
    applySizes(root);
    remaskLater(root);
  }

  function showOffline() {
    for (const strip of document.querySelectorAll("[data-offline]")) strip.hidden = navigator.onLine;
  }

  function poll() {
    if (!document.hidden) document.body.dispatchEvent(new CustomEvent("poll"));
  }

  function foldNavigation() {
    const app = document.querySelector(".app");
    app.dataset.nav = app.dataset.nav === "rail" ? "auto" : "rail";
    localStorage.setItem("nav", app.dataset.nav);
  }

  function restoreNavigation() {
    const app = document.querySelector(".app");
    if (app?.dataset.nav === "auto" && localStorage.getItem("nav") === "rail") app.dataset.nav = "rail";
  }

  function togglePassword(button) {
    const field = button.closest(".pw").querySelector("input");
    field.type = field.type === "password" ? "text" : "password";
    const isShown = field.type === "text";
    button.setAttribute("aria-label", isShown ? button.dataset.hide : button.dataset.show);
    button.setAttribute("aria-pressed", String(isShown));
  }

  document.addEventListener("click", (event) => {
    const eye = event.target.closest("[data-pw]");
    if (eye) togglePassword(eye);
  });
  document.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.target.isConnected ? event.detail.target : document));
  document.addEventListener("htmx:oobAfterSwap", (event) => prepare(event.detail.target));
  document.addEventListener("visibilitychange", poll);
  addEventListener("online", showOffline);
  addEventListener("offline", showOffline);
  setInterval(poll, POLL_MS);
  restoreNavigation();
  showOffline();
  prepare(document);

  return { words, pattern, foldNavigation };
})();
