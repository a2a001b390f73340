// Draws openapi.json. Nothing is loaded from elsewhere.

const described = await (await fetch("openapi.json")).json();
const place = document.querySelector("#operations");

function element(tag, text = "", name = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  node.className = name;
  return node;
}

function table(titles, rows) {
  const node = element("table");
  const head = element("tr");
  head.append(...titles.map((title) => {
    const cell = element("th", title);
    cell.scope = "col";
    return cell;
  }));
  node.append(head, ...rows.map((cells) => {
    const row = element("tr");
    row.append(...cells.map((cell, index) => {
      const node = element("td");
      node.append(index === 0 ? element("code", cell) : cell);
      return node;
    }));
    return row;
  }));
  const box = element("div", "", "scroll");
  box.tabIndex = 0;
  box.append(node);
  return box;
}

function resolved(schema) {
  return schema?.$ref ? described.components.schemas[schema.$ref.split("/").at(-1)] : schema;
}

function kind(schema) {
  const one = resolved(schema);
  if (one.anyOf) return one.anyOf.filter((part) => part.type !== "null").map(kind).join(" or ");
  if (one.enum) return one.enum.join(" | ");
  if (one.const) return one.const;
  if (one.format === "binary") return "file";
  if (one.type === "array") return `list of ${kind(one.items)}`;
  const low = one.minimum ?? one.exclusiveMinimum;
  const high = one.maximum;
  return low === undefined ? one.type : `${one.type}, ${low} to ${high ?? "…"}`;
}

function fields(schema) {
  const whole = resolved(schema);
  const rows = Object.entries(whole.properties ?? {}).map(([name, one]) => {
    const needed = (whole.required ?? []).includes(name);
    const usual = needed ? "must be sent" : String(one.default ?? "–");
    return [name, kind(one), usual, one.description ?? ""];
  });
  return table(["Field", "Kind", "Without it", "Meaning"], rows);
}

function example(path, schema) {
  const needed = resolved(schema).required ?? [];
  const parts = needed.map((name) => {
    const one = resolved(schema).properties[name];
    return one.format === "binary" ? `-F ${name}=@${name}.jpg` : `-F ${name}=100`;
  });
  return element("pre", `curl -OJ ${parts.join(" ")} ${new URL(`.${path}`, location.href)}`);
}

for (const [path, operations] of Object.entries(described.paths)) {
  for (const [verb, operation] of Object.entries(operations)) {
    const box = element("article");
    const title = element("h3");
    title.append(element("span", verb.toUpperCase(), "verb"), element("code", path));
    box.append(title, element("p", operation.description ?? operation.summary ?? ""));
    const body = operation.requestBody?.content["multipart/form-data"]?.schema;
    if (body) box.append(element("h4", "Form"), fields(body), element("h4", "Example"), example(path, body));
    const answer = operation.responses["200"]?.content?.["application/json"]?.schema;
    if (answer) box.append(element("h4", "Answer"), fields(answer.items ?? answer));
    const answers = Object.entries(operation.responses).map(([status, one]) => [status, one.description]);
    box.append(element("h4", "Status"), table(["Status", "When"], answers));
    place.append(box);
  }
}
const socket = element("article");
const title = element("h3");
title.append(element("span", "WS", "verb"), element("code", "/api/webcam"));
socket.append(title, element("p", "Send a frame (JPEG, WebP, PNG) as a binary message; a text message with the milliseconds and a PNG whose alpha is the people’s mask come back. Send the next frame then. Query: model. A key goes as the second sub-protocol, key.<base64url>."));
place.append(socket);
