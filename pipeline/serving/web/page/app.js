// The page: which tool is open, and what passes from one to another.

import { json } from "./api.js";
import { note } from "./parts.js";
import { place } from "./place.js";
import { followBackground, retouch } from "./retouch.js";
import { takePictures } from "./parts.js";
import { webcam } from "./webcam.js";
import { weights } from "./weights.js";

const section = (name) => document.querySelector(`#${name}`);
const tabs = [...document.querySelectorAll("[role=tab]")];
let limits = {};
const limitsNow = () => limits;

let backdrop = null;
const cutForm = section("cut").querySelector("form");
followBackground(cutForm);
takePictures(
  cutForm.querySelector(".drop"), cutForm.querySelector(".drop"), limitsNow,
  (file) => {
    backdrop = file;
    cutForm.querySelector(".name").textContent = file.name;
  },
  (text) => note(section("cut"), text, true),
);

function cutFields(form) {
  const { behind, colour, model, crop, mask, format } = form.elements;
  const fields = {
    background: behind.value === "colour" ? colour.value : behind.value,
    model: model.value, crop: crop.checked, mask: mask.checked, format: format.value,
  };
  if (behind.value === "picture") {
    if (!backdrop) throw new Error("Choose a background picture first.");
    fields.picture = backdrop;
  }
  return fields;
}

function carFields(form) {
  const { fill, shadow, format } = form.elements;
  return { fill: fill.value, shadow: shadow.checked, format: format.value };
}

const cut = retouch(section("cut"), "api/cutout", {
  doing: "Cutting out",
  done: "Cut out. The slider compares before and after.",
  nothing: "Nobody was found in this picture. Another choice under “Who” may see more.",
}, cutFields, limitsNow);
const cars = retouch(section("cars"), "api/remove-cars", {
  doing: "Removing cars",
  done: "The cars are removed. The slider compares before and after.",
  nothing: "No car was found in this picture, so nothing was changed.",
}, carFields, limitsNow);
const placing = place(section("place"), limitsNow);
const camera = webcam(section("webcam"), limitsNow);

cut.onward(async () => {
  const answer = await cut.make({ background: "none", crop: true, margin: 0, mask: false, format: "png" });
  if (!answer) return;
  open("place");
  await placing.setCutout(new File([answer.blob], answer.name, { type: answer.blob.type }));
});
cars.onward(async () => {
  const answer = await cars.make();
  if (!answer) return;
  open("place");
  await placing.setScene(new File([answer.blob], answer.name, { type: answer.blob.type }));
});

function open(name, focus = false) {
  for (const tab of tabs) {
    const chosen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    section(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen && focus) tab.focus();
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  if (name !== "webcam") camera.end();
  if (name === "weights") weights(section("weights"));
  history.replaceState(null, "", `#${name}`);
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => open(tab.getAttribute("aria-controls")));
  tab.addEventListener("keydown", (event) => {
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    open(tabs.at(next % tabs.length).getAttribute("aria-controls"), true);
  });
}

document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  const tools = { cut, cars, place: placing };
  const tool = tools[tabs.find((tab) => tab.getAttribute("aria-selected") === "true").getAttribute("aria-controls")];
  if (file && tool) tool.take(file);
});
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

const wanted = location.hash.slice(1);
if (tabs.some((tab) => tab.getAttribute("aria-controls") === wanted)) open(wanted);
json("api/limits").then((answer) => { limits = answer; }, () => {});
