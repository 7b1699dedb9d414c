// What the JavaScript scripts of the client suites share: sentences that hold or do not, told line by line.

let failed = false;

/** Tells whether a sentence holds: what was expected is what came. */
export function check(sentence, expected, got) {
  const [wanted, came] = [JSON.stringify(expected), JSON.stringify(got)];
  if (wanted === came) {
    console.log(`ok ${sentence}`);
  } else {
    notOk(sentence, `expected ${wanted}`, `got      ${came}`);
  }
}

/** Tells whether a call is refused with Azure's code. */
export async function refused(sentence, code, call) {
  try {
    notOk(sentence, `expected the error ${code}`, `got      ${JSON.stringify(await call())}`);
  } catch (error) {
    check(sentence, code, error.code ?? error.details?.errorCode ?? `${error.name}: ${error.message}`);
  }
}

/** Runs a story; where it breaks off is told, and the others go on. */
export async function story(title, tell) {
  try {
    await tell();
  } catch (error) {
    notOk(title, ...String(error.stack ?? error).split("\n").slice(0, 12));
  }
}

/** All that a paged list gives. */
export async function all(pages) {
  const items = [];
  for await (const item of pages) {
    items.push(item);
  }
  return items;
}

/** Ends the script with a status that says whether all sentences held. */
export function end() {
  process.exitCode = failed ? 1 : 0;
}

function notOk(sentence, ...why) {
  failed = true;
  console.log(`not ok ${sentence}`);
  for (const line of why) {
    console.log(`  ${line}`);
  }
}
