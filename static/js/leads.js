/* The register form tells what is still missing, asks for the owner of a number, and keeps what was typed in this tab. */
(function () {
  "use strict";
  const LOOKUP_FROM_DIGITS = 7;
  const { words, toast } = window.shuncheng;
  const DRAFT = `draft:${document.body.dataset.user}:lead`;
  const KEPT = ["phone", "name", "gender", "channel", "series", "purchase_window", "area", "note", "owner"];

  const boxOf = (element) => element.closest("form")?.querySelector("[data-six]");
  const digits = (field) => field.value.replace(/\D/g, "").length;

  /* ---- the six items ---- */
  function isThere(form, item) {
    const value = (name) => form.elements[name]?.value ?? "";
    if (item === "phone") return digits(form.elements.phone) >= 10;
    if (item === "name") return Boolean(value("name").trim() && value("gender"));
    if (item === "window") return Boolean(value("purchase_window"));
    return Boolean(value(item).trim());
  }

  function tell(box) {
    const form = box.closest("form");
    const labels = [...form.querySelectorAll("[data-item]")];
    const missing = labels.filter((label) => !isThere(form, label.dataset.item));
    for (const label of labels) {
      const isNext = label === missing[0] && missing.length < labels.length;
      label.classList.toggle("is-ok", !missing.includes(label));
      label.classList.toggle("is-no", isNext);
      const control = document.getElementById(label.htmlFor);
      if (control && label.dataset.item !== "phone") control.classList.toggle("ld-miss", isNext);
    }
    const done = labels.length - missing.length;
    const bar = form.querySelector("[data-six-bar]");
    bar.querySelectorAll("i").forEach((part, index) => part.classList.toggle("d", index < done));
    bar.querySelector("[data-six-count]").textContent = done;
    bar.setAttribute("aria-label", bar.dataset.words.replace("{done}", done));
    const text = missing.length ? box.dataset.wordsMissing.replace("{count}", missing.length) : box.dataset.wordsDone;
    form.querySelector("[data-six-left]").textContent = done ? text : "";
  }

  /* ---- what was typed ---- */
  function keep(form) {
    const typed = KEPT.map((name) => [name, form.elements[name]?.value]).filter(([, value]) => value);
    if (typed.length) sessionStorage.setItem(DRAFT, JSON.stringify(typed));
    else sessionStorage.removeItem(DRAFT);
  }

  function restore(box) {
    const form = box.closest("form");
    const kept = sessionStorage.getItem(DRAFT);
    if (!kept || form.elements.phone.value || form.querySelector(".is-invalid")) return;
    for (const [name, value] of JSON.parse(kept)) {
      const field = form.elements[name];
      if (field && !field.value) field.value = value;
    }
    toast({ level: "info", title: words.restored });
  }

  function start(root) {
    for (const box of root.querySelectorAll("[data-six]")) {
      restore(box);
      tell(box);
      const phone = box.closest("form").elements.phone;
      if (digits(phone) >= LOOKUP_FROM_DIGITS) phone.dispatchEvent(new Event("lookup"));
    }
    if (root.querySelector("[data-lead-saved]")) sessionStorage.removeItem(DRAFT);
  }

  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const box = boxOf(event.target);
      if (!box) return;
      tell(box);
      keep(box.closest("form"));
    });
  }
  document.addEventListener("reset", (event) => {
    const box = event.target.querySelector("[data-six]");
    if (!box) return;
    sessionStorage.removeItem(DRAFT);
    document.getElementById("lookup").replaceChildren();
    document.getElementById("phone-hit").replaceChildren();
    setTimeout(() => tell(box));
  });

  /* ---- look-up: only from seven digits on; fewer are nobody's number ---- */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (!elt.matches("[data-lookup]") || digits(elt) >= LOOKUP_FROM_DIGITS) return;
    event.preventDefault();
    document.getElementById("lookup").replaceChildren();
    document.getElementById("phone-hit").replaceChildren();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    if (elt.matches("form") && elt.querySelector("[data-six]") && xhr.status === 204) sessionStorage.removeItem(DRAFT);
  });
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "sheet" && start(event.detail.target));
  start(document);
})();
