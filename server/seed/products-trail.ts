import { colours, coloursAndSizes, growing, product, sizes, type DemoProduct } from './product-table.ts'

const shirts = ['S', 'M', 'L'] as const
const boots = ['38', '39', '40', '42', '43', '44'] as const

export const trailProducts: readonly DemoProduct[] = [
  // Apparel
  product({
    sku: 'FJ-MER150', handle: 'merino-150-tee', brand: 'Fjordly', in: 'apparel',
    title: 'Merino 150 Tee', de: 'Merino 150 T-Shirt',
    about: 'Seventeen-micron merino. Four days without a wash, and nobody in the tent knows.',
    usd: 7900, eur: 7900, grams: 150, mm: [280, 220, 30], tax: 'clothing',
    comesIn: coloursAndSizes(['Slate', 'Moss'], shirts),
  }),
  product({
    sku: 'FJ-BASE200', handle: 'merino-200-base-layer', brand: 'Fjordly', in: 'apparel',
    title: 'Merino 200 Base Layer', de: 'Merino 200 Funktionsshirt',
    about: 'Long sleeves, thumb loops, a collar that zips to the chin.',
    usd: 11900, eur: 11900, grams: 240, mm: [300, 230, 40], tax: 'clothing',
    comesIn: coloursAndSizes(['Ink', 'Heather'], shirts),
  }),
  product({
    sku: 'FJ-STORM', handle: 'stormline-rain-jacket', brand: 'Fjordly', in: 'apparel',
    title: 'Stormline Rain Jacket', de: 'Stormline Regenjacke',
    about: 'Three layers, taped seams, 20,000 mm. The hood turns with your head.',
    usd: 28900, eur: 28900, grams: 390, mm: [320, 250, 60], tax: 'clothing',
    comesIn: coloursAndSizes(['Deep Sea', 'Ochre'], shirts),
  }),
  product({
    sku: 'FJ-FLEECE', handle: 'fellside-fleece', brand: 'Fjordly', in: 'apparel',
    title: 'Fellside Fleece', de: 'Fellside Fleecejacke',
    about: 'High-pile recycled fleece with a chest pocket for the map nobody reads any more.',
    usd: 12900, eur: 12900, grams: 430, mm: [340, 280, 90], tax: 'clothing',
    comesIn: coloursAndSizes(['Oat', 'Pine'], shirts),
  }),
  product({
    sku: 'FJ-DOWN', handle: 'cairn-down-sweater', brand: 'Fjordly', in: 'apparel',
    title: 'Cairn Down Sweater', de: 'Cairn Daunenjacke',
    about: 'Traceable down under a windproof shell, stuffed into its own pocket.',
    usd: 24900, eur: 24900, grams: 340, mm: [320, 260, 110], tax: 'clothing', spread: 'low',
    comesIn: coloursAndSizes(['Ink', 'Rust'], shirts),
  }),
  product({
    sku: 'FJ-PANT', handle: 'switchback-trousers', brand: 'Fjordly', in: 'apparel',
    title: 'Switchback Trousers', de: 'Switchback Wanderhose',
    about: 'Stretch canvas that dries while you eat lunch. Articulated knees.',
    usd: 13900, eur: 13900, grams: 360, mm: [340, 260, 40], tax: 'clothing',
    comesIn: sizes('28', '30', '32', '34', '36'),
  }),
  product({
    sku: 'FJ-SOCK', handle: 'summit-hiking-socks', brand: 'Fjordly', in: 'apparel',
    title: 'Summit Hiking Socks', de: 'Summit Wandersocken',
    about: 'Cushioned where the boot presses, thin where it does not. Mended for life.',
    usd: 2400, eur: 2400, grams: 75, mm: [200, 100, 30], tax: 'clothing',
    comesIn: coloursAndSizes(['Heather', 'Rust'], ['36-39', '40-43', '44-47']),
  }),
  product({
    sku: 'FJ-BEANIE', handle: 'harbour-beanie', brand: 'Fjordly', in: 'apparel',
    title: 'Harbour Beanie', de: 'Harbour Mütze',
    about: 'Ribbed lambswool, knitted in one piece in Portugal.',
    usd: 3400, eur: 3400, grams: 80, mm: [230, 200, 20], tax: 'clothing', comesIn: colours('Ink', 'Ochre', 'Oat'),
  }),
  product({
    sku: 'FJ-GLOVE', handle: 'touchline-gloves', brand: 'Fjordly', in: 'apparel',
    title: 'Touchline Gloves', de: 'Touchline Handschuhe',
    about: 'Wind stops at the back, every fingertip works a screen.',
    usd: 4400, eur: 4400, grams: 70, mm: [240, 120, 25], tax: 'clothing', spread: 'backorder',
    comesIn: sizes('S', 'M', 'L'),
  }),
  product({
    sku: 'FJ-SUNHAT', handle: 'noon-sun-hat', brand: 'Fjordly', in: 'apparel',
    title: 'Noon Sun Hat', de: 'Noon Sonnenhut',
    about: 'UPF 50, a brim with a memory, a strap for the ridge.',
    usd: 4200, eur: 4200, grams: 90, mm: [320, 300, 60], tax: 'clothing', spread: 'sold_out',
    comesIn: sizes('S/M', 'L/XL'),
  }),

  // Footwear
  product({
    sku: 'TF-BOOT', handle: 'granite-mid-boots', brand: 'Tarn & Fell', in: 'footwear',
    title: 'Granite Mid Boots', de: 'Granite Wanderstiefel',
    about: 'Nubuck and a welted sole that our workshop replaces. Break them in at home.',
    usd: 23900, eur: 23900, grams: 1180, mm: [340, 280, 130], tax: 'clothing', comesIn: sizes(...boots),
  }),
  product({
    sku: 'TF-RUN', handle: 'scree-trail-runners', brand: 'Tarn & Fell', in: 'footwear',
    title: 'Scree Trail Runners', de: 'Scree Trailrunningschuhe',
    about: 'Six-millimetre drop, four-millimetre lugs, a toe box that lets toes be toes.',
    usd: 15900, eur: 15900, grams: 610, mm: [320, 220, 120], tax: 'clothing', comesIn: sizes(...boots),
  }),
  product({
    sku: 'TF-SLIDE', handle: 'hut-slides', brand: 'Tarn & Fell', in: 'footwear',
    title: 'Hut Slides', de: 'Hüttenschuhe',
    about: 'Boiled wool on cork, for the evening after.',
    usd: 6900, eur: 6900, grams: 380, mm: [300, 200, 100], tax: 'clothing', spread: 'stores',
    comesIn: sizes('38', '40', '42', '44'),
  }),

  // Light
  product({
    sku: 'LC-HEAD', handle: 'firefly-headlamp', brand: 'Lumen Creek', in: 'light',
    title: 'Firefly Headlamp', de: 'Firefly Stirnlampe',
    about: 'Four hundred lumens, a red mode, and a lock so that it does not shine inside the pack all day.',
    usd: 5900, eur: 5900, grams: 78, mm: [110, 80, 60], comesIn: colours('Slate', 'Ochre'),
  }),
  product({
    sku: 'LC-LANT', handle: 'porchlight-lantern', brand: 'Lumen Creek', in: 'light',
    title: 'Porchlight Lantern', de: 'Porchlight Laterne',
    about: 'Warm light, dimmed by turning the top, sixty hours on one charge.',
    usd: 7900, eur: 7900, grams: 420, mm: [180, 120, 120],
  }),
  product({
    sku: 'LC-STRING', handle: 'campfire-string-lights', brand: 'Lumen Creek', in: 'light',
    title: 'Campfire String Lights', de: 'Campfire Lichterkette',
    about: 'Ten metres that wind into their own reel; runs off any power bank.',
    usd: 4400, eur: 4400, grams: 260, mm: [120, 120, 60], spread: 'on_its_way',
  }),
  product({
    sku: 'LC-BANK', handle: 'waypoint-power-bank', brand: 'Lumen Creek', in: 'light',
    title: 'Waypoint Power Bank', de: 'Waypoint Powerbank',
    about: 'Rubber shell, two ports, survives the creek.',
    usd: 5400, eur: 5400, grams: 240, mm: [150, 80, 30],
    comesIn: growing('capacity', ['10 Ah', 0, 0, 100], ['20 Ah', 2500, 2500, 165]),
  }),

  // Water
  product({
    sku: 'NF-BOTTLE', handle: 'spring-insulated-bottle', brand: 'Northfold', in: 'water',
    title: 'Spring Insulated Bottle', de: 'Spring Isolierflasche',
    about: 'Cold for a day, hot for half of one, no taste of either tomorrow.',
    usd: 3200, eur: 3200, grams: 340, mm: [240, 80, 80],
    comesIn: growing('volume', ['0.5 L', 0, 0, 100], ['0.75 L', 500, 500, 125], ['1 L', 900, 900, 150]),
  }),
  product({
    sku: 'NF-TUMBLER', handle: 'spring-tumbler', brand: 'Northfold', in: 'water',
    title: 'Spring Tumbler', de: 'Spring Thermobecher',
    about: 'Fits the cup holder, keeps the lid on.',
    usd: 2800, eur: 2800, grams: 310, mm: [180, 90, 90], comesIn: colours('Bone', 'Pine', 'Rust'),
  }),
  product({
    sku: 'KW-FILTER', handle: 'clearwater-filter', brand: 'Kestrel Works', in: 'water',
    title: 'Clearwater Filter', de: 'Clearwater Wasserfilter',
    about: 'Hollow fibre, 0.1 micron, a litre a minute, backwashed by shaking.',
    usd: 4900, eur: 4900, grams: 66, mm: [170, 60, 60],
  }),
  product({
    sku: 'KW-RESV', handle: 'clearwater-reservoir', brand: 'Kestrel Works', in: 'water',
    title: 'Clearwater Reservoir', de: 'Clearwater Trinkblase',
    about: 'Opens wide enough for a hand, so it gets cleaned.',
    usd: 4200, eur: 4200, grams: 160, mm: [360, 200, 30],
    comesIn: growing('volume', ['2 L', 0, 0, 100], ['3 L', 400, 400, 115]),
  }),

  // Tools
  product({
    sku: 'KW-POLES', handle: 'folding-trekking-poles', brand: 'Kestrel Works', in: 'tools',
    title: 'Folding Trekking Poles', de: 'Faltbare Trekkingstöcke',
    about: 'Carbon, cork, 480 g the pair. Three sections click open with a shake.',
    usd: 13900, eur: 13900, grams: 480, mm: [400, 100, 80],
    comesIn: growing('length', ['110 cm', 0, 0, 100], ['120 cm', 0, 0, 104], ['130 cm', 0, 0, 108]),
  }),
  product({
    sku: 'HL-KNIFE', handle: 'wren-pocket-knife', brand: 'Harrow Lane', in: 'tools',
    title: 'Wren Pocket Knife', de: 'Wren Taschenmesser',
    about: 'One good blade, olive wood, a lock you can trust.',
    usd: 7400, eur: 7400, grams: 82, mm: [110, 40, 25],
  }),
  product({
    sku: 'HL-HATCHET', handle: 'camp-hatchet', brand: 'Harrow Lane', in: 'tools',
    title: 'Camp Hatchet', de: 'Lagerbeil',
    about: 'Forged in one piece, hung on hickory, comes with a mask.',
    usd: 9800, eur: 9800, grams: 760, mm: [380, 150, 40], spread: 'east',
  }),
  product({
    sku: 'KW-AID', handle: 'trail-first-aid-kit', brand: 'Kestrel Works', in: 'tools',
    title: 'Trail First-Aid Kit', de: 'Erste-Hilfe-Set Trail',
    about: 'Blisters, cuts and a sprain for four people, with instructions that can be read while worried.',
    usd: 4400, eur: 4400, grams: 390, mm: [190, 130, 70],
  }),
  product({
    sku: 'KW-REPAIR', handle: 'patch-and-mend-kit', brand: 'Kestrel Works', in: 'tools',
    title: 'Patch & Mend Kit', de: 'Flick-Set',
    about: 'Tape, needle, pole splint and glue: everything that has ever ended a trip early.',
    usd: 1900, eur: 1900, grams: 88, mm: [120, 80, 30],
  }),
]
