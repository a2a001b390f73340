// Webcam: a frame goes to the server, the mask of the people comes back, the rest is drawn here.
// One frame is under way at a time, so a slow server makes fewer frames and no queue.

import { webcamProtocols } from "./api.js";
import { note, save, say, show, takePictures } from "./parts.js";
import { followBackground } from "./retouch.js";

const WIDTH = 640;

export function webcam(tool, limits) {
  const form = tool.querySelector("form");
  const canvas = tool.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  const [start, shoot] = [form.querySelector(".primary"), form.querySelector(".download")];
  const figures = Object.fromEntries(["delay", "server", "rate"].map((one) => [one, form.querySelector(`.${one}`)]));
  const behind = new Image();
  const [frame, person] = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
  let stream = null;
  let socket = null;
  let sent = 0;
  let rate = 0;
  let shown = 0;

  followBackground(form);
  takePictures(form.querySelector(".drop"), form.querySelector(".drop"), limits, async (file) => {
    form.querySelector(".name").textContent = (await show(behind, file)) ? file.name : "this browser cannot show it";
  }, (text) => note(tool, text, true));

  async function begin() {
    note(tool, "");
    if (!navigator.mediaDevices) return note(tool, "The browser gives a webcam only to pages over https, or on this machine (localhost).", true);
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch (error) {
      return note(tool, error.name === "NotAllowedError" ? "The browser was not allowed to use the webcam." : `No webcam: ${error.message}`, true);
    }
    video.srcObject = stream;
    await video.play();
    size();
    start.textContent = "Stop";
    connect();
    return undefined;
  }

  function size() {
    canvas.width = frame.width = person.width = Math.min(WIDTH, video.videoWidth);
    canvas.height = frame.height = person.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    tool.querySelector("figure").style.setProperty("--ratio", canvas.width / canvas.height);
  }

  function connect() {
    socket = new WebSocket(new URL("api/webcam", location.href.replace(/^http/, "ws")), webcamProtocols());
    socket.binaryType = "blob";
    socket.addEventListener("open", send);
    socket.addEventListener("message", receive);
    socket.addEventListener("close", (event) => {
      if (!stream) return;
      end();
      note(tool, event.reason ? `The server closed: ${event.reason}.` : "The connection to the server is lost.", true);
    });
  }

  async function send() {
    frame.getContext("2d").drawImage(video, 0, 0, frame.width, frame.height);
    const picture = await frame.convertToBlob({ type: "image/jpeg", quality: 0.85 });
    if (socket?.readyState !== WebSocket.OPEN) return;
    sent = performance.now();
    socket.send(picture);
  }

  async function receive(event) {
    if (typeof event.data === "string") {
      figures.server.textContent = `${Math.round(JSON.parse(event.data).ms)} ms`;
      return;
    }
    draw(await createImageBitmap(event.data));
    const now = performance.now();
    figures.delay.textContent = `${Math.round(now - sent)} ms`;
    if (shown) rate += 0.2 * (1000 / (now - shown) - rate);
    shown = now;
    figures.rate.textContent = rate.toFixed(1);
    reveal();
    if (stream) send();
  }

  function reveal() {
    if (!tool.querySelector("figure").hidden) return;
    tool.querySelector("figure").hidden = form.querySelector(".figures").hidden = false;
    tool.querySelector(".still").hidden = true;
    shoot.disabled = false;
    say("The webcam is running.");
  }

  function draw(mask) {
    const { width, height } = canvas;
    const cut = person.getContext("2d");
    cut.globalCompositeOperation = "copy";
    cut.drawImage(frame, 0, 0);
    cut.globalCompositeOperation = "destination-in";
    cut.drawImage(mask, 0, 0, width, height);
    pen.clearRect(0, 0, width, height);
    const chosen = form.elements.behind.value;
    if (chosen === "colour") {
      pen.fillStyle = form.elements.colour.value;
      pen.fillRect(0, 0, width, height);
    } else if (chosen === "blur") {
      blurred(width, height);
    } else if (chosen === "picture" && behind.naturalWidth) {
      cover(width, height);
    }
    pen.drawImage(person, 0, 0);
  }

  /** Small and large again: works in browsers whose canvas has no filters too. */
  function blurred(width, height) {
    const small = new OffscreenCanvas(Math.ceil(width / 24), Math.ceil(height / 24));
    const tiny = small.getContext("2d");
    tiny.imageSmoothingQuality = pen.imageSmoothingQuality = "high";
    tiny.drawImage(frame, 0, 0, small.width, small.height);
    pen.drawImage(small, 0, 0, width, height);
  }

  function cover(width, height) {
    const by = Math.max(width / behind.naturalWidth, height / behind.naturalHeight);
    const [w, h] = [behind.naturalWidth * by, behind.naturalHeight * by];
    pen.drawImage(behind, (width - w) / 2, (height - h) / 2, w, h);
  }

  function end() {
    const closing = socket;
    for (const track of stream?.getTracks() ?? []) track.stop();
    [stream, socket, shown, rate] = [null, null, 0, 0];
    closing?.close();
    start.textContent = "Start the webcam";
    tool.querySelector("figure").hidden = form.querySelector(".figures").hidden = true;
    tool.querySelector(".still").hidden = false;
    shoot.disabled = true;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (stream) end();
    else begin();
  });
  shoot.addEventListener("click", () => canvas.toBlob((blob) => save(blob, "webcam.png")));
  return { end };
}
