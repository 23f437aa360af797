/* Customer pages: dialling after the logged look at a number, filter menus, ticked rows of the list. */
(function () {
  "use strict";

  /* ---- the number was logged and handed over: dial it, and have the record sheet ready afterwards ---- */
  document.addEventListener("call:start", (event) => {
    const { tel, record_url: recordUrl } = event.detail;
    const opener = event.target.closest?.("form") ?? document.body;
    location.href = `tel:${tel}`;
    if (recordUrl) window.htmx.ajax("GET", recordUrl, { source: opener, target: "#sheet", swap: "innerHTML" });
  });

  /* ---- the same for a message from the own phone ---- */
  document.addEventListener("sms:start", (event) => {
    location.href = `sms:${event.detail.tel}?body=${encodeURIComponent(event.detail.body)}`;
  });

  /* ---- how far an upload has come ---- */
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.closest?.("form")?.querySelector("[data-upload]");
    const { loaded, total, lengthComputable } = event.detail;
    if (!bar || !lengthComputable || event.target.querySelector?.("input[type=file]")?.files.length !== 1) return;
    bar.hidden = false;
    bar.value = Math.round((loaded / total) * 100);
  });

  /* ---- menus made of <details>: one open at a time, closed by a click elsewhere or Escape ---- */
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details[data-drop][open]")) if (menu !== except) menu.open = false;
  }

  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details[data-drop]");
    closeMenus(menu);
    /* A choice in a menu of actions closes it; a tick in a filter does not. */
    if (menu && event.target.closest(".dropdown-item")) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-drop][open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
  });

  /* ---- ticked rows ---- */
  const bar = document.querySelector("[data-bulk]");
  const boxes = () => [...document.querySelectorAll("[data-pick]")];
  const all = document.querySelector("[data-pick-all]");

  function countPicked() {
    const picked = boxes().filter((box) => box.checked);
    for (const box of boxes()) box.closest("tr").classList.toggle("is-sel", box.checked);
    bar.hidden = picked.length === 0;
    bar.querySelector("[data-count]").textContent = picked.length;
    if (!all) return;
    all.checked = picked.length > 0 && picked.length === boxes().length;
    all.indeterminate = picked.length > 0 && !all.checked;
  }

  function pick(value) {
    for (const box of boxes()) box.checked = value;
    countPicked();
  }

  /* What was said just before the page read itself again is said once more. */
  const SAID = "list-toast";
  const before = sessionStorage.getItem(SAID);
  sessionStorage.removeItem(SAID);
  if (before) window.shuncheng.toast(JSON.parse(before));
  if (!bar) return;
  let said = null;
  document.addEventListener("toast", ({ detail: { level, title, text } }) => {
    said = { level, title, text };
  });
  document.addEventListener("change", (event) => {
    if (event.target === all) pick(all.checked);
    else if (event.target.matches("[data-pick]")) countPicked();
  });
  bar.querySelector("[data-unpick]").addEventListener("click", () => pick(false));
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.activeElement?.closest("[data-row]")?.querySelector("[data-pick]");
    if (!box || document.activeElement.matches("input:not([type=checkbox])")) return;
    box.checked = !box.checked;
    countPicked();
  });
  /* After assigning, the rows on screen are out of date. */
  document.addEventListener("opportunity:changed", () => {
    if (said) sessionStorage.setItem(SAID, JSON.stringify(said));
    location.reload();
  });
  countPicked();
})();
