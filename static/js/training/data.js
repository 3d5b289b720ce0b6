/** The data set: whether the machine has one, and fetching it once. */

import { byId, setText } from "../dom.js";
import { dataSet, fetchData } from "./service.js";

const OFTEN = 300;

/** Offer to fetch the data set where there is none, and show how far that is. */
export function prepareData() {
  byId("fetch").onclick = async () => {
    try {
      show(await fetchData());
    } catch (error) {
      setText(byId("data-says"), error.message);
    }
    follow();
  };
  follow();
}

async function follow() {
  try {
    const found = await dataSet();
    show(found);
    if (found.state === "fetching") setTimeout(follow, OFTEN);
  } catch (error) {
    setText(byId("data-says"), error.message);
  }
}

function show({ state, file, done, total, reason }) {
  byId("no-data").hidden = state === "here";
  const fetching = state === "fetching";
  byId("fetch").hidden = fetching;
  byId("data-progress").hidden = !fetching;
  if (total) byId("data-progress").value = done / total;
  const far = total ? `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB` : "";
  setText(byId("data-says"), fetching ? `Fetching ${file}: ${far}` : `There is no data set: ${reason}`);
}
