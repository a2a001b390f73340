// Speaks to the server this page came from, and to no other.

const dialog = document.querySelector("#key");
let key = sessionStorage.getItem("key") ?? "";

export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export function webcamProtocols() {
  if (!key) return ["clearscene"];
  const text = btoa(String.fromCharCode(...new TextEncoder().encode(key)));
  return ["clearscene", `key.${text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`];
}

/** Ask until there is an answer: a key is asked for, and a busy server is asked again. */
export async function ask(path, options = {}, onBusy = () => {}) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(path, options);
    } catch (error) {
      if (error.status === 401 && (await askForKey())) continue;
      if (!(error.status === 503 && error.retryAfter) || attempt > 20) throw error;
      onBusy(error.message);
      await pause(Math.min(error.retryAfter, 10) * 1000, options.signal);
    }
  }
}

/** An edited picture: its bytes, its name, the weights that made it, whether there was anything to edit. */
export async function edit(path, fields, signal, onBusy) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  const answer = await ask(path, { method: "POST", body, signal }, onBusy);
  return {
    blob: await answer.blob(),
    name: nameOf(answer.headers.get("Content-Disposition") ?? ""),
    weights: answer.headers.get("X-Clearscene-Weights") ?? "",
    found: answer.headers.get("X-Clearscene-Found") !== "nothing",
  };
}

export const json = async (path) => (await ask(path)).json();

async function once(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: key ? { "X-API-Key": key } : {} });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer. Is it running, and are you connected?");
  }
  if (answer.ok) return answer;
  const isProblem = (answer.headers.get("Content-Type") ?? "").startsWith("application/problem+json");
  const detail = isProblem ? (await answer.json()).detail : `the server answered ${answer.status}`;
  throw new Refused(answer.status, detail, Number(answer.headers.get("Retry-After")) || 0);
}

function askForKey() {
  return new Promise((resolve) => {
    dialog.returnValue = "none";
    dialog.querySelector("form").reset();
    dialog.addEventListener("close", () => {
      key = dialog.returnValue === "use" ? dialog.querySelector("input").value : "";
      sessionStorage.setItem("key", key);
      resolve(key !== "");
    }, { once: true });
    if (!dialog.open) dialog.showModal();
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    });
  });
}

function nameOf(disposition) {
  const full = /filename\*=UTF-8''([^;]+)/.exec(disposition);
  return full ? decodeURIComponent(full[1]) : "picture.png";
}
