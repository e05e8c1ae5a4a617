import { useEffect, useRef, type ReactNode } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../parts/theme.ts";
import { clockText } from "../text/times.ts";
import type { ActivityRates } from "./activity.ts";

const HEIGHT_PX = 120;
/** What of the past is in the picture. */
const SPAN_S = 300;

export interface ActivityChartProps {
  readonly rates: ActivityRates;
  /** What it shows, in words. */
  readonly label: string;
}

export function ActivityChart({ rates, label }: ActivityChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const theme = useTheme();
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(optionsFor(element), [[], []], element);
    chart.current = plot;
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
    // Its colours are those of the theme in which it was made.
  }, [theme]);
  useEffect(() => chart.current?.setData([rates.times, rates.perSecond]), [rates, theme]);
  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

function optionsFor(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--line-soft"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { range: (_plot, _min, max) => [max - SPAN_S, max] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        space: 80,
        values: (_plot, seconds) => seconds.map((at) => clockText(at * 1000).slice(0, 5)),
      },
      { ...axis, size: 42 },
    ],
    series: [
      {},
      { stroke: colour("--accent"), fill: colour("--accent-soft"), width: 1.5, points: { show: false } },
    ],
  };
}
