// Which weights answer here, and what made them.

import { json } from "./api.js";
import { note, sentence } from "./parts.js";

const TITLES = {
  person_se: "Everybody (squeeze and excitation)",
  person_bce_dice: "Everybody, second network",
  central_person: "The central person",
  car_mask: "Where cars are",
  car_removal: "The ground behind cars",
  shadow_attention: "Which shadows a scene has",
  shadow: "The shadow of a cutout",
};
const KNOWN = [["git_revision", "Revision"], ["data_sha256", "Data"], ["weights_sha256", "Weights"], ["mlflow_run", "MLflow run"], ["engine", "Engine"]];

export async function weights(tool) {
  const cards = tool.querySelector(".cards");
  try {
    const models = await json("api/models");
    cards.replaceChildren(...models.map(card));
    note(tool, models.length ? "" : "This server has no weights: train networks, or name their files.");
  } catch (error) {
    note(tool, sentence(error.message), true);
  }
}

function card(model) {
  const node = element("article", "", "card");
  const scores = element("dl", "", "scores");
  for (const [name, value] of Object.entries(model.scores)) scores.append(pair(name, element("dd", value.toPrecision(4))));
  const facts = element("dl");
  for (const [field, title] of KNOWN) {
    const value = element("dd");
    const text = model[field];
    const code = element("code", /^[0-9a-f]{40,64}(-dirty)?$/.test(text) ? text.replace(/^(.{12})[0-9a-f]*/, "$1…") : text);
    code.title = text;
    value.append(code);
    facts.append(element("dt", title), value);
  }
  node.append(element("h3", TITLES[model.network] ?? model.network), element("p", `${model.network} · ${model.origin}`));
  if (scores.children.length) node.append(scores);
  node.append(facts);
  return node;
}

function pair(title, value) {
  const both = element("div");
  both.append(element("dt", title.replaceAll("_", " ")), value);
  return both;
}

function element(tag, text = "", name = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  node.className = name;
  return node;
}
