/** Random numbers of a printed seed, without the rest of the testkit, which needs vitest. */
export { seededRandom as seededNumbers } from "../packages/testkit/src/fakes/seeded-random.ts";
