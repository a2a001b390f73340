// A tool that sends one picture and compares it with what comes back: cut out, remove cars.

import { edit } from "./api.js";
import { busy, credit, note, save, say, show, takePictures } from "./parts.js";

/**
 * @param tool the section of the page
 * @param path of the API
 * @param words what is going on, what is said when it is done, and what when there was nothing to do
 * @param fields from the form and the further pictures to the fields of the API; throws what is missing
 * @param limits of the server
 */
export function retouch(tool, path, words, fields, limits) {
  const form = tool.querySelector("form");
  const figure = tool.querySelector("figure");
  const slider = figure.querySelector("input");
  const [before, after] = [figure.querySelector(".before"), figure.querySelector(".after")];
  const zone = tool.querySelector(".stage > .drop");
  const [start, download, onward, again] = [".primary", ".download", ".onward", ".again"].map((one) => form.querySelector(one));
  let picture = null; // what was chosen
  let shape = null; // its width and height, null where this browser cannot show it
  let result = null; // what came back, and for which wishes

  const take = takePictures(
    zone, tool.querySelector(".stage"), limits, choose,
    (text) => note(tool, text, true),
  );

  async function choose(file) {
    picture = file;
    result = null;
    shape = await show(before, file);
    zone.hidden = true;
    figure.hidden = again.hidden = false;
    figure.className = shape ? "compare fresh" : "compare single";
    fit(shape ?? { width: 3, height: 2 });
    start.disabled = false;
    download.disabled = onward.disabled = true;
    credit(tool, "");
    note(tool, shape ? "" : `This browser cannot show ${file.name}; the result will be shown.`);
    if (shape) say(`${file.name}, ${shape.width} by ${shape.height} pixels`);
    start.focus({ preventScroll: true });
  }

  function fit({ width, height }) {
    figure.style.setProperty("--ratio", width / height);
  }

  /** The result for what the form says now; asked for once. */
  async function make(changes = {}) {
    let wishes;
    try {
      wishes = { ...fields(form), ...changes };
    } catch (missing) {
      note(tool, missing.message, true);
      return undefined;
    }
    const name = JSON.stringify(Object.values(wishes).map((one) => one.name ? [one.name, one.size, one.lastModified] : one));
    if (result?.wishes === name) return result;
    start.disabled = true;
    const sent = picture;
    const answer = await busy(tool, words.doing, (signal, onBusy) => edit(path, { image: sent, ...wishes }, signal, onBusy));
    start.disabled = false;
    return answer && picture === sent ? { ...answer, wishes: name } : undefined;
  }

  async function present(answer) {
    if (!answer) return;
    result = answer;
    const size = await show(after, answer.blob);
    const alike = shape && size && shape.width === size.width && shape.height === size.height;
    figure.className = alike ? "compare" : "compare single";
    if (size) fit(size);
    download.disabled = onward.disabled = false;
    credit(tool, answer.weights);
    if (answer.found) say(words.done);
    else note(tool, words.nothing);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (picture) await present(await make());
  });
  download.addEventListener("click", async () => {
    const answer = await make();
    await present(answer);
    if (answer) save(answer.blob, answer.name);
  });
  again.addEventListener("click", () => {
    [picture, shape, result] = [null, null, null];
    zone.hidden = false;
    figure.hidden = again.hidden = start.disabled = download.disabled = onward.disabled = true;
    credit(tool, "");
    note(tool, "");
    zone.querySelector("input").focus();
  });
  slider.addEventListener("input", () => figure.style.setProperty("--at", `${slider.value}%`));

  return {
    take,
    make,
    onward: (act) => onward.addEventListener("click", act),
  };
}

/** Show the part of a form that belongs to the background chosen, and hide the others. */
export function followBackground(form, onChange = () => {}) {
  form.addEventListener("change", () => {
    const chosen = new FormData(form).get("behind");
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== chosen;
    onChange();
  });
}
