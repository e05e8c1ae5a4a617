export { serveHttp, type HttpServer, type ServeHttpOptions } from "./serve-http.ts";
export { Histogram } from "./metrics/histogram.ts";
export { counter, gauge, type Labels, type Metric, type Sample } from "./metrics/metric.ts";
