/* Toasts: from the HX-Trigger event "toast" {level, title, text, undo_url}, from Django messages, from other scripts. */
(function () {
  "use strict";
  const { words, pattern } = window.shuncheng;
  const STAY_MS = 4000;
  const LIMIT = 3;
  const LEVELS = ["success", "info", "warning", "error"];
  const stack = document.getElementById("toasts");

  function leaveLater(toast) {
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => toast.remove(), STAY_MS);
    };
    /* Nobody should lose "undo" while reaching for it. */
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, wait);
    wait();
  }

  function trim() {
    const passing = [...stack.children].filter((toast) => toast.dataset.level !== "error");
    while (stack.children.length > LIMIT) (passing.shift() ?? stack.firstElementChild).remove();
  }

  /* action: {label, run}; an error stays until somebody closes it. */
  function show({ level = "success", title, text = "", undo_url: undoUrl, action }) {
    const toast = pattern(`[data-toast="${LEVELS.includes(level) ? level : "info"}"]`);
    toast.querySelector("[data-title]").textContent = title;
    toast.querySelector("[data-text]").textContent = text;
    if (undoUrl) action = { label: words.undo, run: () => window.htmx.ajax("POST", undoUrl, { swap: "none" }) };
    if (action) {
      const button = toast.querySelector("[data-action]");
      button.textContent = action.label;
      button.hidden = false;
      button.addEventListener("click", () => {
        toast.remove();
        action.run();
      });
    }
    stack.append(toast);
    trim();
    if (level !== "error") leaveLater(toast);
    return toast;
  }

  stack.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest(".sc-toast").remove();
  });
  document.addEventListener("toast", (event) => show(event.detail));
  for (const toast of stack.children) if (toast.dataset.level !== "error") leaveLater(toast);
  window.shuncheng.toast = show;
})();
