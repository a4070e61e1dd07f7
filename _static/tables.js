// Makes the recorded tables sortable: a button in every column's head, numbers by value, ties in the first order.
document.addEventListener("DOMContentLoaded", () => {
  // A cell with an interval has its value in front.
  const number = (cell) => {
    const text = cell.textContent.trim().replaceAll(",", "").replace("%", "");
    return Number(cell.classList.contains("number") ? text.split(" ")[0] : text);
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.textContent.trim().localeCompare(b.textContent.trim()) : x - y;
  };
  for (const table of document.querySelectorAll("table.embedlib-table")) {
    const body = table.tBodies[0];
    const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
    const rows = body ? [...body.rows] : [];
    if (rows.length < 3 || table.dataset.form === "turned") continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const order = now === "descending" ? "ascending" : now === "ascending" ? "none" : "descending";
        for (const other of heads) other.removeAttribute("aria-sort");
        const sorted = [...rows];
        if (order !== "none") {
          head.setAttribute("aria-sort", order);
          const sign = order === "ascending" ? 1 : -1;
          sorted.sort((a, b) => sign * compare(a.cells[column], b.cells[column]));
        }
        body.append(...sorted);
      });
    });
  }
  // What is wider than its place scrolls, says so, and is reached by the keyboard.
  const boxes = ".cell_output .output.text_html, .cell_output figure, .pst-scrollable-table-container";
  for (const box of document.querySelectorAll(boxes)) {
    const note = document.createElement("p");
    note.className = "embedlib-wider";
    note.textContent = "Wider than the page: scroll it sideways \u2192";
    const watch = new ResizeObserver(() => {
      const isWider = box.scrollWidth > box.clientWidth + 1;
      if (isWider) box.before(note);
      else note.remove();
      if (isWider) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
    for (const element of [box, ...box.children]) watch.observe(element);
  }
});
