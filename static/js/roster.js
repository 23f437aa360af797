/* The roster: choose a shift at the cell, move with the arrow keys, read the table again after every change. */
(function () {
  "use strict";
  const menu = document.getElementById("roster-menu");
  const form = document.getElementById("roster-form");
  let cell = null;

  /* ---- the menu at a cell ---- */
  function close(isFocused) {
    if (!menu || menu.hidden) return;
    menu.hidden = true;
    if (isFocused) cell?.focus();
  }

  function open(target) {
    cell = target;
    for (const name of ["user", "on", "was"]) form.elements[name].value = cell.dataset[name];
    menu.hidden = false;
    const box = cell.getBoundingClientRect();
    const top = box.bottom + menu.offsetHeight + 8 > innerHeight ? box.top - menu.offsetHeight - 4 : box.bottom + 4;
    menu.style.setProperty("top", `${Math.max(8, top)}px`);
    menu.style.setProperty("left", `${Math.min(Math.max(8, box.left), innerWidth - menu.offsetWidth - 8)}px`);
    (menu.querySelector(`button[value="${cell.dataset.was}"]`) ?? menu.querySelector("button")).focus();
  }

  function send(value) {
    form.elements.shift.value = value;
    const button = menu.querySelector(`button[value="${value}"]`);
    if (cell.dataset.was !== value && button && !cell.classList.contains("tone-leave")) {
      /* Shown at once; the table that comes back says what is true. */
      cell.className = `us-c ${button.dataset.tone}`;
      cell.textContent = button.dataset.letter;
    }
    close(true);
    form.requestSubmit();
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-cell]");
    if (target && menu && event.button === 0 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      open(target);
    } else if (!event.target.closest("#roster-menu")) close(false);
    const choice = event.target.closest("#roster-menu button");
    if (choice) send(choice.value);
  });
  addEventListener("scroll", () => close(false), { passive: true, capture: true });

  /* ---- keyboard ---- */
  function neighbour(target, key) {
    const row = target.closest("tr");
    const column = [...row.children].indexOf(target.closest("td"));
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const cells = [...row.querySelectorAll("[data-cell]")];
      return cells[cells.indexOf(target) + (key === "ArrowRight" ? 1 : -1)];
    }
    const rows = [...document.querySelectorAll("#roster tbody tr")].filter((one) => one.querySelector("[data-cell]"));
    return rows[rows.indexOf(row) + (key === "ArrowDown" ? 1 : -1)]?.children[column]?.querySelector("[data-cell]");
  }

  document.addEventListener("keydown", (event) => {
    if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target.closest("[data-cell]");
    if (target && event.key.startsWith("Arrow")) {
      neighbour(target, event.key)?.focus();
      event.preventDefault();
    } else if (target && /^[1-9]$/.test(event.key)) {
      const choice = menu.querySelectorAll("button")[Number(event.key) - 1];
      if (choice) {
        open(target);
        send(choice.value);
      }
    } else if (target && (event.key === "Delete" || event.key === "Backspace")) {
      open(target);
      send("");
      event.preventDefault();
    } else if (target && event.key === " ") {
      open(target);
      event.preventDefault();
    } else if (!menu.hidden && event.key === "Escape") {
      close(true);
    } else if (!menu.hidden && event.target.closest("#roster-menu") && /^Arrow(Up|Down)$/.test(event.key)) {
      const buttons = [...menu.querySelectorAll("button")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length].focus();
      event.preventDefault();
    }
  });

  /* ---- the table after a change ---- */
  document.addEventListener("roster:changed", () => {
    const kept = document.activeElement?.id;
    window.htmx.ajax("GET", location.href, { target: "#roster", select: "#roster", swap: "outerHTML" }).then(() => {
      if (kept) document.getElementById(kept)?.focus({ preventScroll: true });
    });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
  });
})();
