/** Waits for a task of the thread of its own, so that whatever a hand does meanwhile comes first. */
export function nextTask(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
