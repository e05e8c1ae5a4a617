export { dataPaths, defaultDataDirectory, socketPath, type DataPaths } from "./data-directory.ts";
export { loadStoreTypes, type LoadStoreTypesOptions } from "./load-store-types.ts";
export { openRuntime, type Runtime, type RuntimeOptions } from "./open-runtime.ts";
export { openTracing, type OpenTracing } from "./open-tracing.ts";
export { shippedStoreTypes } from "./store-types.ts";
export { VERSION } from "./version.ts";
