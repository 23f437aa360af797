/* The contact sheet follows what is chosen: the next callback, its reason and the words on the button; the message counts. */
(function () {
  "use strict";
  const WEEK = 7;
  const SMS_SINGLE = 70;
  const SMS_PART = 67;

  /* ---- days, in the words of the page ---- */
  function dayWords(box, value) {
    const moment = new Date(value);
    const today = new Date(`${box.dataset.today}T00:00`);
    const ahead = Math.floor((moment - today) / 86400000);
    const language = document.documentElement.lang;
    if (ahead <= 0) return box.dataset.wordToday.replace("{time}", value.slice(11, 16));
    if (ahead === 1) return box.dataset.wordTomorrow;
    const format = ahead < WEEK ? { weekday: "short" } : { month: "long", day: "numeric" };
    return box.dataset.wordOn.replace("{day}", new Intl.DateTimeFormat(language, format).format(moment));
  }

  function longWords(value) {
    const moment = new Date(value);
    const language = document.documentElement.lang;
    const date = new Intl.DateTimeFormat(language, { month: "long", day: "numeric" }).format(moment);
    const weekday = new Intl.DateTimeFormat(language, { weekday: "short" }).format(moment);
    return `${date} ${weekday} ${value.slice(11, 16)}`;
  }

  /* ---- contact: outcome and level decide what is proposed ---- */
  function parts(box) {
    const form = box.closest("form");
    return {
      form,
      outcome: form.querySelector("input[name=outcome]:checked") ?? form.querySelector("input[name=outcome]"),
      level: form.querySelector("input[name=level]:checked"),
      next: form.elements.next_at,
      proposed: form.elements.proposed_at,
    };
  }

  function label({ form, outcome }, box, day) {
    const pattern = outcome.dataset.save;
    const words = !pattern.includes("{day}") ? pattern : day ? pattern.replace("{day}", day) : box.dataset.wordSave;
    form.querySelector("[data-save-label]").textContent = words;
  }

  function propose(box) {
    const part = parts(box);
    const source = (("byLevel" in part.outcome.dataset && part.level) || part.outcome).dataset;
    part.next.value = source.next;
    part.proposed.value = source.next;
    box.querySelector("span[data-what]").textContent = source.what;
    box.querySelector("b[data-when]").textContent = source.when;
    box.querySelector("span[data-why]").textContent = source.why;
    if (!source.next) box.querySelector(".lc-when").open = true;
    label(part, box, source.day);
  }

  function agree(box) {
    const part = parts(box);
    const { value } = part.next;
    box.querySelector("b[data-when]").textContent = value ? longWords(value) : box.dataset.wordChoose;
    box.querySelector("span[data-what]").textContent = box.dataset.wordWhat;
    box.querySelector("span[data-why]").textContent = box.dataset.wordAgreed;
    label(part, box, value && dayWords(box, value));
  }

  function showLevel(box, level) {
    const words = box.querySelector("[data-keep]");
    words.dataset.stays ??= words.textContent;
    words.textContent = level === words.dataset.keep ? words.dataset.stays : `${words.dataset.keep} → ${level}`;
  }

  /* On a low screen the time opens below the fold: whoever is asked for it sees it. "toggle" does not bubble. */
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches("[data-log] .lc-when")) event.target.scrollIntoView({ block: "nearest" });
  }, true);

  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-log]");
    if (box && event.target.name === "level") showLevel(box, event.target.value);
    if (box && ["outcome", "level"].includes(event.target.name)) propose(box);
  });

  /* ---- message: templates, length, the own phone ---- */
  function count(box) {
    const field = box.querySelector("textarea");
    const counter = box.querySelector("#lc-count");
    const size = field.value.length;
    const messages = size <= SMS_SINGLE ? 1 : Math.ceil(size / SMS_PART);
    counter.textContent = counter.dataset.pattern.replace("{length}", [...field.value].length).replace("{parts}", messages);
  }

  document.addEventListener("input", (event) => {
    const log = event.target.name === "next_at" && event.target.closest("[data-log]");
    if (log) agree(log);
    const message = event.target.name === "body" && event.target.closest("[data-message]");
    if (message) count(message);
  });

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-message] a[data-body]");
    if (!chip || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const box = chip.closest("[data-message]");
    for (const other of box.querySelectorAll("a[data-body]")) {
      other.classList.toggle("pick", other === chip);
      if (other === chip) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    const field = box.querySelector("textarea");
    field.value = chip.dataset.body;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (!chip.dataset.body) field.focus();
  });
})();
