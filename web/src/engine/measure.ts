/** Answers a question and leaves word of how long it took, for whoever profiles the page: `undertow:engine:<question>`. */
export async function measured<T>(question: string, answer: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await answer();
  performance.measure(`undertow:engine:${question}`, { start, end: performance.now() });
  return result;
}
