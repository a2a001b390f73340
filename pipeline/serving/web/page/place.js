// Put a cutout into a scene: drag it, size it, and let its shadow be cast.

import { edit } from "./api.js";
import { busy, credit, note, save, say, show, takePictures } from "./parts.js";

export function place(tool, limits) {
  const form = tool.querySelector("form");
  const figure = tool.querySelector("figure");
  const ground = figure.querySelector(".ground");
  const piece = figure.querySelector(".piece");
  const [start, download, again] = [".primary", ".download", ".again"].map((one) => form.querySelector(one));
  const { x, y, scale, format, part } = form.elements;
  let scene = null;
  let cutout = null;
  let size = null; // width and height of the scene
  let at = { x: 0, y: 0, scale: 0.5 };
  let result = null;

  const wrong = (text) => note(tool, text, true);
  const takeScene = takePictures(tool.querySelector(".stage > .drop"), tool.querySelector(".stage"), limits, (file) => (scene ? setCutout(file) : setScene(file)), wrong);
  const takeCutout = takePictures(form.querySelector(".drop"), form.querySelector(".drop"), limits, setCutout, wrong);

  async function setScene(file) {
    const shape = await show(ground, file);
    if (!shape) return wrong(`This browser cannot show ${file.name}; choose a JPEG, PNG or WebP picture.`);
    [scene, size, result] = [file, shape, null];
    at = { x: shape.width / 2, y: shape.height * 0.9, scale: at.scale };
    figure.style.setProperty("--ratio", shape.width / shape.height);
    figure.hidden = again.hidden = false;
    tool.querySelector(".stage > .drop").hidden = true;
    note(tool, cutout ? "" : "Now choose a cutout.");
    update();
  }

  async function setCutout(file) {
    const shape = await show(piece.querySelector("img"), file);
    if (!shape) return wrong(`This browser cannot show ${file.name}; choose a PNG or WebP picture.`);
    cutout = file;
    form.querySelector(".name").textContent = file.name;
    note(tool, scene ? "" : "Now choose a scene.");
    update();
    if (scene) piece.focus({ preventScroll: true });
  }

  /** Draw where the cutout is, and forget a shadow cast for another place. */
  function update() {
    if (result) show(ground, scene);
    result = null;
    figure.classList.remove("layer");
    piece.classList.remove("cast");
    piece.hidden = !(scene && cutout);
    start.disabled = piece.hidden;
    download.disabled = true;
    credit(tool, "");
    if (!size) return;
    at.x = Math.min(Math.max(Math.round(at.x), 0), size.width);
    at.y = Math.min(Math.max(Math.round(at.y), 1), size.height);
    at.scale = Math.min(Math.max(at.scale, 0.02), 1.5);
    piece.style.left = `${(100 * at.x) / size.width}%`;
    piece.style.top = `${(100 * at.y) / size.height}%`;
    piece.style.height = `${100 * at.scale}%`;
    [x.value, y.value, scale.value] = [at.x, at.y, 100 * at.scale];
    [x.max, y.max] = [size.width, size.height];
    const text = `Cutout at column ${at.x} of ${size.width}, row ${at.y} of ${size.height}, ${Math.round(100 * at.scale)} percent high`;
    piece.setAttribute("aria-label", text);
  }

  function move(right, down) {
    at = { ...at, x: at.x + right, y: at.y + down };
    update();
  }

  function resize(factor) {
    at = { ...at, scale: at.scale * factor };
    update();
  }

  let held = null; // where in the scene the cutout was taken hold of, relative to its feet
  piece.addEventListener("pointerdown", (event) => {
    const seen = figure.getBoundingClientRect();
    const perPixel = size.width / seen.width;
    held = { perPixel, x: at.x - event.clientX * perPixel, y: at.y - event.clientY * perPixel };
    piece.setPointerCapture(event.pointerId);
  });
  piece.addEventListener("pointermove", (event) => {
    if (!held) return;
    at = { ...at, x: held.x + event.clientX * held.perPixel, y: held.y + event.clientY * held.perPixel };
    update();
  });
  for (const end of ["pointerup", "pointercancel"]) piece.addEventListener(end, () => { held = null; });
  piece.addEventListener("wheel", (event) => {
    event.preventDefault();
    resize(event.deltaY < 0 ? 1.05 : 1 / 1.05);
  }, { passive: false });
  piece.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 1 : Math.max(1, Math.round(size.width / 50));
    const acts = {
      ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0),
      ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
      "+": () => resize(1.05), "=": () => resize(1.05), "-": () => resize(1 / 1.05),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
    say(piece.getAttribute("aria-label"));
  });

  form.addEventListener("input", (event) => {
    if (!size || ![x, y, scale].includes(event.target) || event.target.value === "") return;
    at = { x: Number(x.value), y: Number(y.value), scale: Number(scale.value) / 100 };
    update();
  });

  const wanted = () => ({ x: at.x, y: at.y, scale: at.scale, part: part.value, format: format.value });

  async function make() {
    const wishes = wanted();
    const [name, sent] = [JSON.stringify(wishes), [scene, cutout]];
    if (result?.wishes === name) return result;
    if (part.value === "layer" && format.value === "jpeg") {
      wrong("JPEG has no transparency: choose PNG or WebP for the shadow alone.");
      return undefined;
    }
    start.disabled = true;
    const answer = await busy(tool, "Casting its shadow", (signal, onBusy) => edit("api/cast-shadow", { scene, cutout, ...wishes }, signal, onBusy));
    start.disabled = piece.hidden;
    const isWanted = sent[0] === scene && sent[1] === cutout && name === JSON.stringify(wanted());
    return answer && isWanted ? { ...answer, wishes: name } : undefined;
  }

  async function present(answer) {
    if (!answer) return;
    await show(ground, answer.blob);
    result = answer;
    figure.classList.toggle("layer", part.value === "layer");
    piece.classList.add("cast");
    download.disabled = false;
    credit(tool, answer.weights);
    say("The shadow is cast. Move the cutout to try another place.");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (scene && cutout) await present(await make());
  });
  download.addEventListener("click", async () => {
    const answer = await make();
    await present(answer);
    if (answer) save(answer.blob, answer.name);
  });
  again.addEventListener("click", () => {
    [scene, size, result] = [null, null, null];
    figure.hidden = again.hidden = true;
    tool.querySelector(".stage > .drop").hidden = false;
    update();
    tool.querySelector(".stage > .drop input").focus();
  });

  return { take: (file) => (scene ? takeCutout(file) : takeScene(file)), setScene, setCutout };
}
