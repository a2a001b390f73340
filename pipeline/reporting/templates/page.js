// Tables sort by the title that is pressed; pictures open large, and a second press shows every pixel.
const collator = new Intl.Collator("en", { numeric: true });

function key(row, column) {
  const cell = row.cells[column];
  if (!cell) return "";
  return cell.dataset.value ?? cell.textContent.trim();
}

function compare(one, other) {
  const numbers = [Number.parseFloat(one), Number.parseFloat(other)];
  if (numbers.some(Number.isNaN)) return collator.compare(one, other);
  return numbers[0] - numbers[1];
}

const missing = (value) => value === "" || value === "–";

function sort(heading) {
  const table = heading.closest("table");
  const body = table.tBodies[0];
  const column = heading.cellIndex;
  const direction = heading.ariaSort === "ascending" ? -1 : 1;
  for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  const rows = [...body.rows].sort((one, other) => {
    const [a, b] = [key(one, column), key(other, column)];
    if (missing(a) || missing(b)) return missing(a) - missing(b); // what is missing stays below
    return direction * compare(a, b);
  });
  body.append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest("th");
    if (heading) sort(heading);
  });
}

const large = document.getElementById("large");
const picture = large.querySelector("img");
const size = document.getElementById("size");
for (const button of document.querySelectorAll(".zoom")) {
  button.addEventListener("click", () => {
    const image = button.querySelector("img");
    picture.src = image.src;
    picture.alt = image.alt;
    size.ariaPressed = "false";
    large.showModal();
  });
}
size.addEventListener("click", () => {
  size.ariaPressed = size.ariaPressed === "true" ? "false" : "true";
});
