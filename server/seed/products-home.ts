import { colours, coloursAndSizes, growing, product, type DemoProduct } from './product-table.ts'

export const homeProducts: readonly DemoProduct[] = [
  // Bedroom and bath
  product({
    sku: 'SM-DUVET', handle: 'washed-linen-duvet-cover', brand: 'Saltmarsh', in: 'bedroom',
    title: 'Washed Linen Duvet Cover', de: 'Bettbezug aus gewaschenem Leinen',
    about: 'French flax, stone-washed, softer every month. Ties inside keep the duvet where it belongs.',
    usd: 18900, eur: 18900, grams: 1500, mm: [380, 300, 90],
    comesIn: growing('size', ['Twin', 0, 0, 100], ['Queen', 5000, 5000, 130], ['King', 8000, 8000, 150]),
  }),
  product({
    sku: 'SM-SHEET', handle: 'percale-sheet-set', brand: 'Saltmarsh', in: 'bedroom',
    title: 'Percale Sheet Set', de: 'Perkal-Bettwäsche',
    about: 'Crisp organic cotton, fitted for mattresses up to 40 cm.',
    usd: 12900, eur: 12900, grams: 1650, mm: [360, 280, 110],
    comesIn: growing('size', ['Twin', 0, 0, 100], ['Queen', 3000, 3000, 125], ['King', 5000, 5000, 140]),
  }),
  product({
    sku: 'SM-THROW', handle: 'lambswool-throw', brand: 'Saltmarsh', in: 'bedroom',
    title: 'Lambswool Throw', de: 'Lammwolldecke',
    about: 'Woven in Yorkshire from undyed fleece; the fringe is twisted by hand.',
    usd: 14900, eur: 14900, grams: 980, mm: [360, 280, 100], comesIn: colours('Oat', 'Heather', 'Clover'),
  }),
  product({
    sku: 'SM-PILLOW', handle: 'buckwheat-pillow', brand: 'Saltmarsh', in: 'bedroom',
    title: 'Buckwheat Pillow', de: 'Buchweizenkissen',
    about: 'Hulls that hold the neck and rustle like rain. Adjust by taking some out.',
    usd: 6900, eur: 6900, grams: 2600, mm: [500, 350, 120], spread: 'warehouses',
  }),
  product({
    sku: 'SM-TOWEL', handle: 'harbour-bath-towels', brand: 'Saltmarsh', in: 'bath',
    title: 'Harbour Bath Towels, Set of 2', de: 'Harbour Badetücher, 2er-Set',
    about: 'Six hundred grams a square metre of long-staple cotton.',
    usd: 6400, eur: 6400, grams: 1350, mm: [340, 250, 130], comesIn: colours('Bone', 'Deep Sea', 'Moss'),
  }),
  product({
    sku: 'SM-ROBE', handle: 'waffle-robe', brand: 'Saltmarsh', in: 'bath',
    title: 'Waffle Robe', de: 'Waffelpiqué-Bademantel',
    about: 'Light enough for the suitcase, with pockets for both hands.',
    usd: 9800, eur: 9800, grams: 760, mm: [340, 280, 70], tax: 'clothing',
    comesIn: coloursAndSizes(['Bone', 'Ink'], ['S/M', 'L/XL']),
  }),
  product({
    sku: 'SM-BASKET', handle: 'seagrass-laundry-basket', brand: 'Saltmarsh', in: 'bath',
    title: 'Seagrass Laundry Basket', de: 'Wäschekorb aus Seegras',
    about: 'Two handles, one lid, no lining to wash.',
    usd: 7900, eur: 7900, grams: 2100, mm: [520, 400, 400], spread: 'low',
  }),

  // Kitchen and table
  product({
    sku: 'HL-CHEF', handle: 'harrow-chefs-knife', brand: 'Harrow Lane', in: 'kitchen',
    title: "Harrow Chef's Knife", de: 'Harrow Kochmesser',
    about: 'Carbon steel, 21 cm, ash handle. Takes an edge you can shave with and asks to be dried.',
    usd: 15900, eur: 15900, grams: 210, mm: [380, 60, 30],
  }),
  product({
    sku: 'HL-BOARD', handle: 'end-grain-cutting-board', brand: 'Harrow Lane', in: 'kitchen',
    title: 'End-Grain Cutting Board', de: 'Stirnholz-Schneidebrett',
    about: 'Maple blocks glued upright: the knife goes between the fibres, not through them.',
    usd: 11900, eur: 12400, grams: 3800, mm: [450, 320, 40],
    comesIn: growing('size', ['Medium', 0, 0, 100], ['Large', 4000, 4000, 135]),
  }),
  product({
    sku: 'HL-DUTCH', handle: 'enamel-dutch-oven', brand: 'Harrow Lane', in: 'kitchen',
    title: 'Enamel Dutch Oven', de: 'Emaillierter Bräter',
    about: 'Cast iron, five litres, a lid that bastes. Bread, beans, Sunday.',
    usd: 18900, eur: 19900, grams: 5400, mm: [340, 290, 200], comesIn: colours('Bone', 'Deep Sea', 'Rust'),
  }),
  product({
    sku: 'HL-PLATE', handle: 'stoneware-dinner-set', brand: 'Harrow Lane', in: 'table',
    title: 'Stoneware Dinner Set, 12 Pieces', de: 'Steinzeug-Service, 12-teilig',
    about: 'Four plates, four bowls, four small plates; reactive glaze, no two alike.',
    usd: 16900, eur: 16900, grams: 7200, mm: [320, 320, 280], spread: 'east', comesIn: colours('Oat', 'Slate'),
  }),
  product({
    sku: 'HL-MUG', handle: 'stoneware-mug', brand: 'Harrow Lane', in: 'table',
    title: 'Stoneware Mug', de: 'Steinzeugbecher',
    about: 'A handle for a whole hand, 380 ml.',
    usd: 2200, eur: 2200, grams: 420, mm: [140, 110, 100], comesIn: colours('Oat', 'Slate', 'Moss', 'Rust'),
  }),
  product({
    sku: 'HL-CARAFE', handle: 'glass-carafe', brand: 'Harrow Lane', in: 'table',
    title: 'Glass Carafe', de: 'Glaskaraffe',
    about: 'Mouth-blown from recycled glass, a litre and a little.',
    usd: 4800, eur: 4800, grams: 780, mm: [300, 130, 130], spread: 'stores',
  }),
  product({
    sku: 'HL-CANDLE', handle: 'beeswax-pillar-candle', brand: 'Harrow Lane', in: 'decor',
    title: 'Beeswax Pillar Candle', de: 'Bienenwachs-Stumpenkerze',
    about: 'Pure wax, cotton wick, smells of a warm attic.',
    usd: 2400, eur: 2400, grams: 450, mm: [110, 80, 80],
    comesIn: growing('height', ['10 cm', 0, 0, 100], ['15 cm', 1000, 1000, 150], ['20 cm', 1900, 1900, 200]),
  }),
  product({
    sku: 'HL-MAT', handle: 'coir-door-mat', brand: 'Harrow Lane', in: 'decor',
    title: 'Coir Door Mat', de: 'Kokosfußmatte',
    about: 'Stops mud at the door. Beat it twice a year.',
    usd: 4400, eur: 4400, grams: 2900, mm: [750, 180, 180],
  }),

  // Furniture: the vendor ships it from the workshop
  product({
    sku: 'OH-ADIRON', handle: 'adirondack-chair', brand: 'Oakhollow', in: 'furniture',
    title: 'Adirondack Chair', de: 'Adirondack-Gartenstuhl',
    about: 'Maine white cedar, pegged and glued, flat-packed with one tool. Made to order in Portland.',
    usd: 29900, eur: 32900, grams: 15500, mm: [980, 620, 180], spread: 'vendor',
    comesIn: colours('Cedar', 'Bone', 'Deep Sea'),
  }),
  product({
    sku: 'OH-BENCH', handle: 'entryway-bench', brand: 'Oakhollow', in: 'furniture',
    title: 'Entryway Bench', de: 'Garderobenbank',
    about: 'White oak with a shelf for boots below.',
    usd: 38900, eur: 42900, grams: 17800, mm: [1150, 420, 220], spread: 'vendor',
  }),
  product({
    sku: 'OH-TABLE', handle: 'folding-side-table', brand: 'Oakhollow', in: 'furniture',
    title: 'Folding Side Table', de: 'Klappbarer Beistelltisch',
    about: 'Stands anywhere, hangs on a nail.',
    usd: 11900, eur: 12900, grams: 4200, mm: [620, 480, 70], spread: 'vendor', comesIn: colours('Oak', 'Walnut'),
  }),

  // Garden
  product({
    sku: 'OH-BED', handle: 'raised-garden-bed', brand: 'Oakhollow', in: 'garden',
    title: 'Raised Garden Bed', de: 'Hochbeet',
    about: 'Cedar boards and dovetailed corners, no screws to rust, 120 by 80 cm.',
    usd: 21900, eur: 23900, grams: 19500, mm: [1230, 320, 200], spread: 'vendor',
  }),
  product({
    sku: 'OH-SHEARS', handle: 'bypass-pruning-shears', brand: 'Oakhollow', in: 'garden',
    title: 'Bypass Pruning Shears', de: 'Bypass-Gartenschere',
    about: 'Forged, rebuildable, a spring that does not fall into the hedge.',
    usd: 5400, eur: 5400, grams: 260, mm: [230, 80, 30],
  }),
  product({
    sku: 'OH-CAN', handle: 'galvanised-watering-can', brand: 'Oakhollow', in: 'garden',
    title: 'Galvanised Watering Can', de: 'Verzinkte Gießkanne',
    about: 'Long spout, brass rose, balanced when full.',
    usd: 5900, eur: 5900, grams: 1500, mm: [480, 320, 220], spread: 'warehouses',
    comesIn: growing('volume', ['5 L', 0, 0, 100], ['9 L', 1500, 1500, 140]),
  }),
  product({
    sku: 'OH-SEEDS', handle: 'kitchen-garden-seeds', brand: 'Oakhollow', in: 'garden',
    title: 'Kitchen Garden Seeds', de: 'Küchengarten-Saatgut',
    about: 'Twelve open-pollinated vegetables, with sowing dates on the packets.',
    usd: 3600, eur: 3400, grams: 120, mm: [200, 140, 30], spread: 'on_its_way',
  }),
  product({
    sku: 'OH-FEEDER', handle: 'cedar-bird-feeder', brand: 'Oakhollow', in: 'garden',
    title: 'Cedar Bird Feeder', de: 'Vogelfutterhaus aus Zedernholz',
    about: 'Squirrels have tried.',
    usd: 4900, eur: 4900, grams: 1100, mm: [260, 220, 240], spread: 'backorder',
  }),

  // Nothing to pack
  product({
    sku: 'WB-ATLAS', handle: 'trail-atlas-gps', brand: 'Northfold', in: 'digital',
    title: 'Trail Atlas, GPS Download', de: 'Tourenatlas, GPS-Download',
    about: 'Two hundred and forty walked and checked routes as GPX and PDF. Updates for three years.',
    usd: 2900, eur: 2900, grams: 0, mm: [0, 0, 0], kind: 'digital', comesIn: [
      { suffix: 'NW', options: { region: 'Pacific Northwest' } }, { suffix: 'AL', options: { region: 'Alps' } },
    ],
  }),
  product({
    sku: 'WB-GIFT', handle: 'gift-card', brand: 'Fernway', in: 'gift-cards',
    title: 'Gift Card', de: 'Gutschein',
    about: 'Sent by e-mail, good at every till and on every page, never expires.',
    usd: 2500, eur: 2500, grams: 0, mm: [0, 0, 0], kind: 'gift_card', tax: 'exempt',
    comesIn: growing(
      'value', ['25', 0, 0, 100], ['50', 2500, 2500, 100], ['100', 7500, 7500, 100], ['200', 17500, 17500, 100],
    ),
  }),
  product({
    sku: 'WB-RESOLE', handle: 'boot-resoling', brand: 'Fernway', in: 'services',
    title: 'Boot Resoling', de: 'Neubesohlung',
    about: 'Our workshop puts new soles on your Granite boots and sends them back within two weeks.',
    usd: 8900, eur: 8900, grams: 0, mm: [0, 0, 0], kind: 'service',
  }),
]
