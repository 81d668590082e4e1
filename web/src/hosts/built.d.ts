/** The text of the built `worker.ts`; made by build.mjs. */
declare module "undertow:worker" {
  const script: string;
  export default script;
}
