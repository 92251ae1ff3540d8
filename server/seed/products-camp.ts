import { colours, coloursAndSizes, growing, product, sizes, type DemoProduct } from './product-table.ts'

export const campProducts: readonly DemoProduct[] = [
  // Shelter
  product({
    sku: 'NF-RIDGE2', handle: 'ridgeline-2-tent', brand: 'Northfold', in: 'tents',
    title: 'Ridgeline 2 Tent', de: 'Ridgeline 2 Zelt',
    about: 'Two people, three seasons, two doors. Pitches in four minutes on one hubbed pole.',
    usd: 34900, eur: 34900, grams: 1980, mm: [480, 160, 150], comesIn: colours('Moss', 'Sand'),
  }),
  product({
    sku: 'NF-RIDGE4', handle: 'ridgeline-4-tent', brand: 'Northfold', in: 'tents',
    title: 'Ridgeline 4 Tent', de: 'Ridgeline 4 Zelt',
    about: 'The Ridgeline for a family: near-vertical walls and a porch that keeps four pairs of boots dry.',
    usd: 47900, eur: 47900, grams: 3650, mm: [560, 200, 190], spread: 'warehouses', comesIn: colours('Moss', 'Sand'),
  }),
  product({
    sku: 'NF-BASE6', handle: 'basecamp-6-tent', brand: 'Northfold', in: 'tents',
    title: 'Basecamp 6 Tent', de: 'Basecamp 6 Zelt',
    about: 'Six people standing up straight. A divider makes two rooms of it.',
    usd: 69900, eur: 71900, grams: 8900, mm: [720, 260, 250], spread: 'on_its_way',
  }),
  product({
    sku: 'KW-TARP', handle: 'featherlite-tarp', brand: 'Kestrel Works', in: 'tents',
    title: 'Featherlite Tarp', de: 'Featherlite Tarp',
    about: 'Three by three metres of silnylon with nineteen tie-outs and a stuff sack the size of an orange.',
    usd: 12900, eur: 12900, grams: 410, mm: [220, 110, 110], comesIn: colours('Slate', 'Ochre'),
  }),
  product({
    sku: 'NF-HAMM', handle: 'driftwood-hammock', brand: 'Northfold', in: 'tents',
    title: 'Driftwood Hammock', de: 'Driftwood Hängematte',
    about: 'Parachute nylon for one, with tree straps that leave no mark on the bark.',
    usd: 6900, eur: 6900, grams: 620, mm: [200, 130, 120], comesIn: colours('Kelp', 'Rust', 'Slate'),
  }),
  product({
    sku: 'HL-PICNIC', handle: 'meadow-picnic-blanket', brand: 'Harrow Lane', in: 'tents',
    title: 'Meadow Picnic Blanket', de: 'Meadow Picknickdecke',
    about: 'Recycled wool above, waterproof below, rolled into its own leather strap.',
    usd: 8900, eur: 8900, grams: 1450, mm: [420, 180, 180], spread: 'stores', comesIn: colours('Clover', 'Barley'),
  }),

  // Sleep
  product({
    sku: 'TF-DOWN0', handle: 'tarn-zero-down-sleeping-bag', brand: 'Tarn & Fell', in: 'sleep',
    title: 'Tarn Zero Down Sleeping Bag', de: 'Tarn Zero Daunenschlafsack',
    about: 'Responsible 800-fill down to 0 °C comfort, with a draught collar that seals with one hand.',
    usd: 38900, eur: 39900, grams: 1080, mm: [380, 200, 200],
    comesIn: growing('length', ['Regular', 0, 0, 100], ['Long', 2000, 2000, 108]),
  }),
  product({
    sku: 'TF-SYN5', handle: 'tarn-five-sleeping-bag', brand: 'Tarn & Fell', in: 'sleep',
    title: 'Tarn Five Sleeping Bag', de: 'Tarn Five Schlafsack',
    about: 'Synthetic fill that stays warm when damp, to +5 °C. The one to lend to friends.',
    usd: 14900, eur: 14900, grams: 1350, mm: [400, 220, 220], comesIn: colours('Heather', 'Pine'),
  }),
  product({
    sku: 'TF-LINER', handle: 'merino-bag-liner', brand: 'Tarn & Fell', in: 'sleep',
    title: 'Merino Bag Liner', de: 'Merino Inlett',
    about: 'Adds five degrees to any bag, or is a bag of its own in a warm hut.',
    usd: 9900, eur: 9900, grams: 420, mm: [220, 120, 90],
  }),
  product({
    sku: 'KW-PAD', handle: 'cloudrest-sleeping-pad', brand: 'Kestrel Works', in: 'sleep',
    title: 'Cloudrest Sleeping Pad', de: 'Cloudrest Isomatte',
    about: 'Eight centimetres of air over insulation, R-value 4.2, inflated by its own stuff sack.',
    usd: 17900, eur: 17900, grams: 560, mm: [260, 110, 110],
    comesIn: growing('width', ['Regular', 0, 0, 100], ['Wide', 2500, 2500, 122]),
  }),
  product({
    sku: 'KW-PILLOW', handle: 'cloudrest-camp-pillow', brand: 'Kestrel Works', in: 'sleep',
    title: 'Cloudrest Camp Pillow', de: 'Cloudrest Campingkissen',
    about: 'Brushed cover, three breaths to inflate, packs down to a fist.',
    usd: 3900, eur: 3900, grams: 95, mm: [130, 80, 60], comesIn: colours('Heather', 'Slate'),
  }),

  // Packs
  product({
    sku: 'KW-P38', handle: 'kestrel-38-pack', brand: 'Kestrel Works', in: 'packs',
    title: 'Kestrel 38 Pack', de: 'Kestrel 38 Rucksack',
    about: 'A weekend on your back: ventilated frame, rain cover, hip pockets that take a phone.',
    usd: 19900, eur: 19900, grams: 1290, mm: [640, 340, 180],
    comesIn: coloursAndSizes(['Pine', 'Rust'], ['S/M', 'M/L']),
  }),
  product({
    sku: 'KW-P65', handle: 'kestrel-65-pack', brand: 'Kestrel Works', in: 'packs',
    title: 'Kestrel 65 Pack', de: 'Kestrel 65 Rucksack',
    about: 'For a week without a shop. The lid becomes a day pack, the belt is moulded to you in store.',
    usd: 28900, eur: 28900, grams: 2050, mm: [760, 380, 220], spread: 'low', comesIn: sizes('S/M', 'M/L'),
  }),
  product({
    sku: 'KW-D22', handle: 'daytrip-22-pack', brand: 'Kestrel Works', in: 'packs',
    title: 'Daytrip 22 Pack', de: 'Daytrip 22 Rucksack',
    about: 'Laptop on weekdays, lunch and a jacket on Sundays.',
    usd: 9900, eur: 9900, grams: 640, mm: [480, 300, 120], comesIn: colours('Pine', 'Slate', 'Ochre'),
  }),
  product({
    sku: 'KW-VEST', handle: 'fleetfoot-running-vest', brand: 'Kestrel Works', in: 'packs',
    title: 'Fleetfoot Running Vest', de: 'Fleetfoot Laufweste',
    about: 'Five litres that do not bounce, two soft flasks included.',
    usd: 12900, eur: 12900, grams: 240, mm: [300, 220, 60], comesIn: sizes('XS/S', 'M/L'),
  }),
  product({
    sku: 'KW-DRY', handle: 'roll-top-dry-bag', brand: 'Kestrel Works', in: 'packs',
    title: 'Roll-Top Dry Bag', de: 'Rolltop-Packsack',
    about: 'Welded, not sewn. Floats with your things in it.',
    usd: 2400, eur: 2400, grams: 140, mm: [280, 160, 40],
    comesIn: growing('volume', ['10 L', 0, 0, 100], ['20 L', 700, 700, 140], ['35 L', 1500, 1500, 190]),
  }),

  // Cook
  product({
    sku: 'EA-STOVE', handle: 'ember-pocket-stove', brand: 'Ember & Ash', in: 'cook',
    title: 'Ember Pocket Stove', de: 'Ember Taschenkocher',
    about: 'Half a litre boils in two and a half minutes. Folds to the size of a lighter.',
    usd: 5900, eur: 5900, grams: 83, mm: [90, 60, 50],
  }),
  product({
    sku: 'EA-POT900', handle: 'titanium-pot-900', brand: 'Ember & Ash', in: 'cook',
    title: 'Titanium Pot 900', de: 'Titantopf 900',
    about: 'Nine hundred millilitres, a lid that strains, handles that stay cool.',
    usd: 6900, eur: 6900, grams: 128, mm: [140, 120, 120],
  }),
  product({
    sku: 'EA-SKILLET', handle: 'cast-iron-skillet', brand: 'Ember & Ash', in: 'cook',
    title: 'Cast-Iron Skillet', de: 'Gusseisenpfanne',
    about: 'Seasoned with flax oil and polished inside. Outlives its owner.',
    usd: 4900, eur: 5400, grams: 2100, mm: [420, 270, 60], spread: 'east',
    comesIn: growing('diameter', ['20 cm', 0, 0, 100], ['26 cm', 2000, 2000, 140]),
  }),
  product({
    sku: 'EA-MUG', handle: 'enamel-camp-mug', brand: 'Ember & Ash', in: 'cook',
    title: 'Enamel Camp Mug', de: 'Emaillebecher',
    about: 'Chips with dignity. Holds 350 ml of anything hot.',
    usd: 1600, eur: 1600, grams: 150, mm: [120, 90, 85], comesIn: colours('Bone', 'Moss', 'Deep Sea', 'Rust'),
  }),
  product({
    sku: 'EA-DRIP', handle: 'trail-coffee-dripper', brand: 'Ember & Ash', in: 'cook',
    title: 'Trail Coffee Dripper', de: 'Trail Kaffeefilter',
    about: 'A steel cone that needs no paper and folds flat into the mug.',
    usd: 2900, eur: 2900, grams: 74, mm: [130, 130, 20],
  }),
  product({
    sku: 'EA-GRATE', handle: 'fold-flat-fire-grate', brand: 'Ember & Ash', in: 'cook',
    title: 'Fold-Flat Fire Grate', de: 'Klappbarer Grillrost',
    about: 'Stainless legs, forty centimetres square, keeps the fire off the meadow.',
    usd: 7900, eur: 7900, grams: 2300, mm: [420, 420, 40], spread: 'west',
  }),
  product({
    sku: 'EA-SPORK', handle: 'long-spork', brand: 'Ember & Ash', in: 'cook',
    title: 'Long Spork', de: 'Langer Göffel',
    about: 'Reaches the bottom of the bag without getting your knuckles into the chili.',
    usd: 1200, eur: 1200, grams: 18, mm: [220, 40, 15],
  }),
  product({
    sku: 'NF-COOL24', handle: 'icebox-24-cooler', brand: 'Northfold', in: 'cook',
    title: 'Icebox 24 Cooler', de: 'Icebox 24 Kühlbox',
    about: 'Twenty-four litres, ice for three days, and a lid you can sit on.',
    usd: 22900, eur: 23900, grams: 6100, mm: [520, 340, 360], spread: 'warehouses', comesIn: colours('Bone', 'Pine'),
  }),
  product({
    sku: 'TC-COFFEE', handle: 'trailhead-coffee', brand: 'Trailhead Kitchen', in: 'food',
    title: 'Trailhead Coffee', de: 'Trailhead Kaffee',
    about: 'Washed Guatemalan, roasted medium, ground or whole.',
    usd: 1700, eur: 1600, grams: 360, mm: [240, 90, 70], tax: 'food',
    comesIn: [{ suffix: 'WB', options: { grind: 'Whole bean' } }, { suffix: 'GR', options: { grind: 'Ground' } }],
  }),
  product({
    sku: 'TC-CHILI', handle: 'two-bean-camp-chili', brand: 'Trailhead Kitchen', in: 'food',
    title: 'Two-Bean Camp Chili', de: 'Camp-Chili mit zwei Bohnen',
    about: 'Freeze-dried, vegan, 640 kcal. Ten minutes in its own pouch.',
    usd: 1150, eur: 1090, grams: 155, mm: [230, 160, 60], tax: 'food',
  }),
  product({
    sku: 'TC-OATBAR', handle: 'oat-and-cherry-bars', brand: 'Trailhead Kitchen', in: 'food',
    title: 'Oat & Cherry Bars, Box of 12', de: 'Hafer-Kirsch-Riegel, 12er-Box',
    about: 'Whole oats and sour cherries, no coating to melt in a pocket.',
    usd: 2600, eur: 2400, grams: 640, mm: [200, 150, 70], tax: 'food', spread: 'stores',
  }),
]
