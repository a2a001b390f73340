// What the tools share: taking pictures in, saying what goes on, handing pictures out.

const status = document.querySelector("#status");

/** Tell screen readers. */
export function say(text) {
  status.textContent = text;
}

/** Show a line below the controls of a tool; an empty one hides it. */
export function note(tool, text, wrong = false) {
  const line = tool.querySelector(".note");
  line.hidden = text === "";
  line.textContent = text;
  line.classList.toggle("wrong", wrong);
  if (text) say(text);
}

/** Let an element take a picture: dropped on `area`, or chosen with the input inside it. */
export function takePictures(zone, area, limits, onPicture, onWrong) {
  const take = (file) => {
    if (!file) return;
    const most = limits().upload_bytes;
    if (most && file.size > most) {
      const mega = (bytes) => (bytes / 2 ** 20).toFixed(1);
      onWrong(`${file.name} has ${mega(file.size)} MiB; this server takes ${mega(most)}.`);
    } else {
      onPicture(file);
    }
  };
  const input = zone.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = "";
  });
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  return take;
}

/** Show a file in an <img>; gives width and height, or null where this browser cannot show it. */
export function show(image, blob) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  return image.decode().then(
    () => ({ width: image.naturalWidth, height: image.naturalHeight }),
    () => null,
  );
}

/** Save a file under its name. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Run work with a progress line and a cancel button; gives undefined when it was cancelled. */
export async function busy(tool, word, work) {
  const line = tool.querySelector(".busy");
  const text = line.querySelector(".word");
  const control = new AbortController();
  const start = performance.now();
  const cancel = () => control.abort();
  let waiting = "";
  const tick = () => {
    text.textContent = `${waiting || word}… ${Math.floor((performance.now() - start) / 1000)} s`;
  };
  const timer = setInterval(tick, 500);
  line.querySelector(".cancel").addEventListener("click", cancel);
  line.hidden = false;
  tick();
  note(tool, "");
  say(`${word}…`);
  try {
    return await work(control.signal, () => { waiting = "The server is busy, waiting"; });
  } catch (error) {
    if (error.name === "AbortError") note(tool, "Cancelled.");
    else note(tool, sentence(error.message), true);
    return undefined;
  } finally {
    clearInterval(timer);
    line.querySelector(".cancel").removeEventListener("click", cancel);
    line.hidden = true;
  }
}

/** Say which weights made a result. */
export function credit(tool, weights) {
  const line = tool.querySelector(".made");
  line.hidden = !weights || weights === "none";
  line.textContent = `Made by ${weights.replace(/;sha256=([0-9a-f]{10})[0-9a-f]*/g, " $1").replace(/;origin=/g, ", ")}`;
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/([^.!?])$/, "$1.");
