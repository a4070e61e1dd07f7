// Makes the recorded tables sortable: a button in every column's head, numbers by value, ties in the first order.
document.addEventListener("DOMContentLoaded", () => {
  const number = (text) => Number(text.replaceAll(",", "").replace("%", ""));
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.localeCompare(b) : x - y;
  };
  for (const table of document.querySelectorAll("table.embedlib-table")) {
    const body = table.tBodies[0];
    const heads = table.tHead ? [...table.tHead.rows[0].cells] : [];
    const rows = body ? [...body.rows] : [];
    if (rows.length < 3 || table.querySelector("[rowspan]")) continue;
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
          sorted.sort((a, b) => sign * compare(a.cells[column].textContent.trim(), b.cells[column].textContent.trim()));
        }
        body.append(...sorted);
      });
    });
  }
  // Wide tables scroll: the keyboard reaches them, too.
  for (const box of document.querySelectorAll(".cell_output .output.text_html, .pst-scrollable-table-container")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  }
});
