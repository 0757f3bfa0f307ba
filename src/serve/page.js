// SPDX-License-Identifier: Apache-2.0
"use strict";
const $ = id => document.getElementById(id);
let key = "", stream = null, asked = 0;

function note(text, wrong) {
  $("note").textContent = text;
  $("note").className = wrong ? "wrong" : "";
}

async function ask(path, options = {}) {
  const headers = Object.assign({Accept: "application/json"}, options.headers);
  if (key) headers.Authorization = "Bearer " + key;
  const answer = await fetch(path, Object.assign({}, options, {headers}));
  const body = await answer.json().catch(() => ({error: "the server answered " + answer.status}));
  if (answer.status === 401) {
    $("key-form").hidden = false;
    $("key").focus();
    throw new Error(key ? "That is none of this server's keys." : "It answers to those who have a key.");
  }
  if (!answer.ok) throw new Error(body.error);
  return body;
}

const percent = p => p === null ? "–" : p > 0 && p < 0.001 ? "< 0.1 %" : (100 * p).toFixed(1) + " %";

// ---- the model ----

function fact(name, value) {
  const term = document.createElement("dt"), text = document.createElement("dd");
  term.textContent = name;
  text.textContent = value;
  $("facts").append(term, text);
}

async function showModel() {
  const name = $("model").value, m = await ask("v2/models/" + encodeURIComponent(name));
  const [, height, width, channels] = m.inputs[0].shape;
  $("facts").replaceChildren();
  fact("Name", m.name);
  fact("Version", m.versions[m.versions.length - 1] + (m.versions.length > 1 ? " (served too: " + m.versions.slice(0, -1).join(", ") + ")" : ""));
  fact("Network", m.parameters.network);
  fact("Parameters", m.parameters.network_parameters.toLocaleString("en"));
  fact("Looks at", width + " × " + height + " pixels, " + (channels === 1 ? "grey" : "colour"));
  fact("Classes", m.parameters.classes.length);
  $("classes").textContent = m.parameters.classes.join(", ");
  $("curl").textContent = "curl --data-binary @picture.jpg '" + location.origin + "/classify?model=" + encodeURIComponent(name) + "'";
}

async function begin() {
  try {
    const names = (await ask("v1/models")).models;
    $("model").replaceChildren(...names.map(n => new Option(n, n)));
    $("key-form").hidden = true;
    note("");
    await showModel();
  } catch (e) {
    note(e.message, true);
  }
}

// ---- pictures ----

function bars(article, answer) {
  article.querySelector("h3").textContent = answer.class + ", " + percent(answer.probability);
  article.querySelector("tbody").replaceChildren(...answer.top.map((entry, i) => {
    const row = document.createElement("tr"), name = document.createElement("th"), cell = document.createElement("td"),
      number = document.createElement("td"), bar = document.createElement("div"), fill = document.createElement("div");
    if (i === 0) row.className = "best";
    name.scope = "row";
    name.textContent = entry.class;
    fill.style.width = 100 * (entry.probability || 0) + "%";
    bar.className = "bar";
    bar.append(fill);
    cell.append(bar);
    cell.setAttribute("aria-hidden", "true"); // the number says it
    number.className = "number";
    number.textContent = percent(entry.probability);
    row.append(name, cell, number);
    return row;
  }));
}

function heatMap(article, answer, plain) {
  const button = article.querySelector(".toggle"), image = article.querySelector("img");
  const map = "data:image/png;base64," + answer.explanation;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!shown));
    button.textContent = shown ? "Show what it looked at" : "Show the picture";
    image.src = shown ? plain : map;
    image.alt = shown ? "The picture" : "The picture with a heat map of what the answer rests on";
  });
  button.click();
}

async function classify(picture, name) {
  const article = $("answer").content.cloneNode(true).querySelector("article"), image = article.querySelector("img");
  const plain = URL.createObjectURL(picture);
  $("answers-section").hidden = false;
  image.src = plain;
  image.alt = "The picture";
  image.addEventListener("error", () => { image.hidden = true; }); // formats that the browser does not know
  article.querySelector("figcaption").textContent = name;
  article.querySelector("h3").textContent = "…";
  $("answers").prepend(article);
  asked++;
  note(asked === 1 ? "Looking at one picture …" : "Looking at " + asked + " pictures …");
  try {
    const path = "classify?model=" + encodeURIComponent($("model").value) + ($("explain").checked ? "&explain=gradcam" : "");
    const answer = await ask(path, {method: "POST", body: picture});
    bars(article, answer);
    image.hidden = false;
    if (answer.explanation) heatMap(article, answer, plain);
  } catch (e) {
    article.classList.add("wrong");
    article.querySelector("h3").textContent = e.message;
  }
  asked--;
  note(asked ? "Looking at " + asked + " pictures …" : "Done.");
}

async function classifyAll(files) {
  for (const file of files) await classify(file, file.name);
}

$("choose").addEventListener("click", () => $("files").click());
$("files").addEventListener("change", () => classifyAll([...$("files").files]).then(() => { $("files").value = ""; }));
for (const kind of ["dragenter", "dragover"])
  document.addEventListener(kind, e => { e.preventDefault(); $("drop").classList.add("over"); });
for (const kind of ["dragleave", "drop"])
  document.addEventListener(kind, e => { e.preventDefault(); $("drop").classList.remove("over"); });
document.addEventListener("drop", e => classifyAll([...e.dataTransfer.files]));
document.addEventListener("paste", e => classifyAll([...e.clipboardData.files]));
$("clear").addEventListener("click", () => {
  $("answers").replaceChildren();
  $("answers-section").hidden = true;
  $("choose").focus();
});
$("model").addEventListener("change", () => showModel().catch(e => note(e.message, true)));
$("key-form").addEventListener("submit", e => {
  e.preventDefault();
  key = $("key").value.trim();
  begin();
});

// ---- the camera ----

function closeCamera() {
  if (stream) stream.getTracks().forEach(t => t.stop());
  stream = null;
  $("viewer").hidden = true;
}

$("camera").addEventListener("click", async () => {
  try {
    if (!navigator.mediaDevices) throw new Error("browsers give the camera to https and to this machine's own pages only");
    stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
    $("video").srcObject = stream;
    $("viewer").hidden = false;
    $("shoot").focus();
  } catch (e) {
    note("The camera cannot be used: " + e.message, true);
  }
});
$("shoot").addEventListener("click", () => {
  const canvas = document.createElement("canvas");
  canvas.width = $("video").videoWidth;
  canvas.height = $("video").videoHeight;
  canvas.getContext("2d").drawImage($("video"), 0, 0);
  canvas.toBlob(blob => blob && classify(blob, "camera, " + new Date().toLocaleTimeString()), "image/jpeg", 0.95);
});
$("close").addEventListener("click", () => { closeCamera(); $("camera").focus(); });

begin();
