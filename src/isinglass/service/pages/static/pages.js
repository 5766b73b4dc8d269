// Server-sent events say that a part of the page is out of date; htmx fetches it anew. Without scripts the
// pages still work: they are just not live.
"use strict";

const streams = new Map();

function listen(part) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("changed", () => htmx.trigger(part, "changed"));
  source.addEventListener("over", () => source.close());
  streams.set(part, source);
}

// A browser opens only a few connections to one server: pages that nobody looks at keep none.
function listenAll() {
  for (const source of streams.values()) source.close();
  streams.clear();
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach(listen);
}

const SHORT = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };

function localTimes(part) {
  const year = new Date().getFullYear();
  for (const time of part.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = moment.toLocaleString(undefined, moment.getFullYear() === year ? SHORT : undefined);
  }
}

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
document.addEventListener("visibilitychange", listenAll);
htmx.onLoad((part) => {
  localTimes(part);
  listenAll();
});
