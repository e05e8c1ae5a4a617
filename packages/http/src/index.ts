export { serveHttp, type HttpServer, type ServeHttpOptions } from "./serve-http.ts";
export { WEB_PORT } from "./limits.ts";
